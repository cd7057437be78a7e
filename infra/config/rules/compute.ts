import { enginesOfPod } from '../devices.ts';
import { atLeast, bytesOf, coresOf } from '../fields.ts';
import { withDefaults } from '../server.ts';
import { gibibytes, leastPods, mostPods } from './rule.ts';
import type { Rule, RuleInput } from './rule.ts';

/** Bytes of main memory that a pod of the workload needs: its engines share the weights, which are mapped. */
export function neededBytes({ workload, server }: RuleInput): number {
  const { weightsBytes, activationBytesPerItem, processBytes } = workload.model.needs;
  const activations = workload.gpu.kind === 'none' ? activationBytesPerItem * server.batchItems : 0;
  return weightsBytes + enginesOfPod(workload) * (activations + processBytes);
}

const memoryFitsModel: Rule = (input) => {
  const requested = input.workload.resources.requests.memory;
  const needed = neededBytes(input);
  if (bytesOf(requested) >= needed) return undefined;
  return `resources.requests.memory is ${requested}, but the model needs ${gibibytes(needed)} (model.needs); ask for at least that.`;
};

/** Bodies come on top, and seldom: within the limit, beside what is asked for. */
const memoryHoldsBodies: Rule = (input) => {
  const { server, resources } = input.workload;
  if (server.kind !== 'ofa-ve' || memoryFitsModel(input) !== undefined) return undefined;
  const bodies = withDefaults(server.settings).MAX_BODIES_MB;
  const needed = neededBytes(input) + bodies * 2 ** 20;
  return bytesOf(resources.limits.memory) < needed
    ? `resources.limits.memory is ${resources.limits.memory}, but the model (model.needs) and ${bodies} MiB of request bodies (MAX_BODIES_MB) need ${gibibytes(needed)}; allow at least that.`
    : undefined;
};

const limitsCoverRequests: Rule[] = [
  ({ workload: { resources } }) =>
    coresOf(resources.requests.cpu) > coresOf(resources.limits.cpu)
      ? `resources.requests.cpu is ${resources.requests.cpu}, above resources.limits.cpu, which is ${resources.limits.cpu}; a pod cannot ask for more than its limit.`
      : undefined,
  ...(['memory', 'ephemeralStorage'] as const).map(
    (kind): Rule =>
      ({ workload: { resources } }) =>
        bytesOf(resources.requests[kind]) > bytesOf(resources.limits[kind])
          ? `resources.requests.${kind} is ${resources.requests[kind]}, above resources.limits.${kind}, which is ${resources.limits[kind]}; a pod cannot ask for more than its limit.`
          : undefined,
  ),
];

const draNeedsVersion: Rule = ({ config, workload }) =>
  workload.gpu.kind === 'dra' && !atLeast(config.kubernetesVersion, '1.34')
    ? `gpu.kind is dra, which needs Kubernetes 1.34, but kubernetesVersion is ${config.kubernetesVersion}; use device, mig or time-sliced.`
    : undefined;

const imageVolumeNeedsVersion: Rule = ({ config, workload }) =>
  workload.model.source.kind === 'oci-volume' && !atLeast(config.kubernetesVersion, '1.33')
    ? `model.source.kind is oci-volume, which needs Kubernetes 1.33, but kubernetesVersion is ${config.kubernetesVersion}; use image or claim.`
    : undefined;

const claimIsShared: Rule = ({ workload }) => {
  const { source } = workload.model;
  const pods = mostPods(workload);
  if (source.kind !== 'claim' || source.accessMode === 'ReadWriteMany' || pods === 1) return undefined;
  return `model.source.accessMode is ReadWriteOnce, which one node at a time can mount, but there may be ${pods} pods; use ReadWriteMany.`;
};

/** Pods that a number or share of `pods` is at least; Kubernetes rounds a share of missing pods down. */
function podsOf(value: number | string, pods: number): number {
  return typeof value === 'number' ? value : Math.floor((parseInt(value, 10) * pods) / 100);
}

const rolloutMoves: Rule = ({ workload }) => {
  const { maxSurge, maxUnavailable } = workload.rollout;
  const pods = leastPods(workload);
  if (podsOf(maxUnavailable, pods) > 0) return undefined;
  if (parseInt(String(maxSurge), 10) === 0)
    return 'rollout.maxUnavailable and rollout.maxSurge both come to 0 pods, so that none could ever be replaced; set one to 1.';
  return workload.gpu.kind === 'none'
    ? undefined
    : `rollout.maxUnavailable is ${maxUnavailable}, which is none of ${pods} pods: a rollout would wait for ever where no GPU is spare; set it to 1.`;
};

const startFitsBudget: Rule = ({ workload, server }) => {
  const { budgetSeconds } = workload.probes.startup;
  return budgetSeconds <= server.startSeconds
    ? `probes.startup.budgetSeconds is ${budgetSeconds}, but the server takes up to ${server.startSeconds} s to start; allow more than that.`
    : undefined;
};

const probesTimeOut: Rule[] = (['startup', 'liveness', 'readiness'] as const).map(
  (name) =>
    ({ workload }) => {
      const { periodSeconds, timeoutSeconds } = workload.probes[name];
      return timeoutSeconds > periodSeconds
        ? `probes.${name}.timeoutSeconds is ${timeoutSeconds}, longer than its period of ${periodSeconds} s; use at most ${periodSeconds}.`
        : undefined;
    },
);

const drainCoversRequests: Rule = ({ workload, server }) => {
  if (workload.server.kind === 'other')
    return server.drainSeconds < server.requestSeconds
      ? `server.drainSeconds is ${server.drainSeconds}, shorter than the longest request of ${server.requestSeconds} s; requests would be cut off.`
      : undefined;
  const { DRAIN_DELAY_MS, REQUEST_TIMEOUT_MS, SHUTDOWN_TIMEOUT_MS } = withDefaults(workload.server.settings);
  const needed = DRAIN_DELAY_MS + REQUEST_TIMEOUT_MS;
  return SHUTDOWN_TIMEOUT_MS < needed
    ? `server.settings.SHUTDOWN_TIMEOUT_MS is ${SHUTDOWN_TIMEOUT_MS}, but DRAIN_DELAY_MS and REQUEST_TIMEOUT_MS make ${needed}; requests would be cut off.`
    : undefined;
};

/** Rules on what a pod is, needs and how it starts and ends. */
export const computeRules: readonly Rule[] = [
  memoryFitsModel,
  memoryHoldsBodies,
  ...limitsCoverRequests,
  draNeedsVersion,
  imageVolumeNeedsVersion,
  claimIsShared,
  rolloutMoves,
  startFitsBudget,
  ...probesTimeOut,
  drainCoversRequests,
];
