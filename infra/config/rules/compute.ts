import { bodiesBytes, CLOSING_MS, LEAST_PIXEL_BYTES, longestRequestMs } from '../../../service/contract.ts';
import { bytesOf } from '../fields.ts';
import { enginesOfPod } from '../pod-settings.ts';
import type { ModelConfig, WorkloadConfig } from '../schema.ts';
import { withDefaults } from '../server.ts';
import { leastPods, mostPods } from '../replicas.ts';
import { exceedingRequests, mebibytes, tooOld, type Rule, type RuleInput } from './rule.ts';

/** Bytes of main memory that a pod needs: its engines share the weights, which are mapped, but keep features each. */
function neededBytes({ workload, server }: RuleInput, needs: ModelConfig['needs']): number {
  const { weightsBytes, activationBytesPerItem, processBytes } = needs;
  const activations = workload.gpu.kind === 'none' ? activationBytesPerItem * server.batchItems : 0;
  return weightsBytes + enginesOfPod(workload) * (activations + processBytes + server.cacheBytes);
}

/** The models of the pods by their paths: the workload's, and that of a canary which has its own. */
function modelsOf({ canary, model }: WorkloadConfig): { readonly path: string; readonly model: ModelConfig }[] {
  const own = canary.enabled ? canary.model : undefined;
  return [{ path: 'model', model }, ...(own === undefined ? [] : [{ path: 'canary.model', model: own }])];
}

/** The number of pods that a number or share of `pods` amounts to, not rounded. */
function podsOf(value: number | string, pods: number): number {
  return typeof value === 'number' ? value : (parseInt(value, 10) * pods) / 100;
}

/** Pods that a rollout of `pods` may leave out, as `ResolveFenceposts` of the Deployment controller decides. */
function unavailablePods({ maxSurge, maxUnavailable }: WorkloadConfig['rollout'], pods: number): number {
  const surge = Math.ceil(podsOf(maxSurge, pods));
  const unavailable = Math.floor(podsOf(maxUnavailable, pods));
  return surge === 0 ? Math.max(1, unavailable) : unavailable;
}

/** Why a rollout stands still in which no old pod may end before a new one is ready, if it may. */
function standstill(gpu: WorkloadConfig['gpu'], source: ModelConfig['source']): string | undefined {
  if (gpu.kind !== 'none') return 'without a spare GPU a rollout would wait forever';
  return source.kind === 'claim' && source.accessMode === 'ReadWriteOnce'
    ? 'a new pod on another node would wait forever for the model, as only the node of the old pod can mount a claim that is ReadWriteOnce'
    : undefined;
}

/** Rules on what a pod is, what it needs, and how it starts and ends. */
export const computeRules = {
  memoryFitsModel(input) {
    const requested = input.workload.resources.requests.memory;
    // The pods of both versions have the same resources.
    return modelsOf(input.workload).flatMap(({ path, model }) => {
      const needed = neededBytes(input, model.needs);
      return bytesOf(requested) < needed
        ? `resources.requests.memory is ${requested}, but the model needs ${mebibytes(needed)} (${path}.needs); request at least that.`
        : [];
    });
  },

  /**
   * Request bodies and decoding come on top, but seldom take all they may: they must fit the limit, not the request. The
   * service gives decoding whatever the limit leaves.
   */
  memoryHoldsRequests(input) {
    const { server, resources } = input.workload;
    if (server.kind !== 'ofa-ve') return undefined;
    const settings = withDefaults(server.settings);
    return modelsOf(input.workload).flatMap(({ path, model }) => {
      const least = neededBytes(input, model.needs);
      const needed = least + bodiesBytes(settings) + LEAST_PIXEL_BYTES;
      return bytesOf(resources.requests.memory) >= least && bytesOf(resources.limits.memory) < needed
        ? `resources.limits.memory is ${resources.limits.memory}, but the model (${path}.needs), ${settings.MAX_BODIES_MB} MiB of request bodies (MAX_BODIES_MB) and decoding need ${mebibytes(needed)}; allow at least that.`
        : [];
    });
  },

  limitsCoverRequests({ workload: { resources } }) {
    return exceedingRequests('resources', resources);
  },

  draNeedsVersion({ config, workload }) {
    return workload.gpu.kind === 'dra'
      ? tooOld(config, '1.34', 'gpu.kind is dra, which needs', 'use device, mig or time-sliced')
      : undefined;
  },

  imageVolumeNeedsVersion({ config, workload }) {
    return modelsOf(workload)
      .filter(({ model }) => model.source.kind === 'oci-volume')
      .flatMap(
        ({ path }) =>
          tooOld(config, '1.33', `${path}.source.kind is oci-volume, which needs`, 'use image or claim') ?? [],
      );
  },

  claimsAgree({ workload: { canary, model } }) {
    const [stable, own] = [model.source, canary.model?.source];
    if (!canary.enabled || stable.kind !== 'claim' || own?.kind !== 'claim') return undefined;
    const { size, accessMode, storageClassName = 'missing' } = own;
    const pairs = [
      { field: 'size', value: size, its: stable.size, agree: bytesOf(size) === bytesOf(stable.size) },
      { field: 'accessMode', value: accessMode, its: stable.accessMode },
      { field: 'storageClassName', value: storageClassName, its: stable.storageClassName ?? 'missing' },
    ];
    return pairs
      .filter(({ value, its, agree = value === its }) => !agree)
      .map(
        ({ field, value, its }) =>
          `canary.model.source.${field} is ${value}, but model.source.${field} is ${its}, and the pods of both mount one claim; write the same in both.`,
      );
  },

  claimIsShared({ workload }) {
    const { canary, model } = workload;
    // The pods of both versions mount one claim, which is written as the first of these describes it.
    const mounting = [
      { path: 'model', source: model.source, pods: mostPods(workload) },
      {
        path: canary.model === undefined ? 'model' : 'canary.model',
        source: (canary.model ?? model).source,
        pods: canary.enabled ? canary.replicas : 0,
      },
    ].filter(({ source }) => source.kind === 'claim');
    const [claim] = mounting;
    const pods = mounting.reduce((sum, each) => sum + each.pods, 0);
    return claim?.source.kind === 'claim' && claim.source.accessMode !== 'ReadWriteMany' && pods > 1
      ? `${claim.path}.source.accessMode is ReadWriteOnce, which only one node at a time can mount, but there may be ${pods} pods; use ReadWriteMany.`
      : undefined;
  },

  rolloutMoves({ workload }) {
    const { canary, gpu, kserve, model, rollout } = workload;
    if (parseInt(String(rollout.maxUnavailable), 10) === 0 && parseInt(String(rollout.maxSurge), 10) === 0)
      return 'rollout.maxUnavailable and rollout.maxSurge are both 0, so no pod could ever be replaced; set one of them to 1.';
    const tracks = [
      { pods: leastPods(workload), name: 'pods', source: model.source },
      // KServe rolls a canary out in its own way.
      ...(canary.enabled && !kserve.enabled
        ? [{ pods: canary.replicas, name: 'pods of the canary', source: (canary.model ?? model).source }]
        : []),
    ];
    return tracks
      .filter(({ pods }) => unavailablePods(rollout, pods) === 0)
      .flatMap(({ pods, name, source }) => {
        const reason = standstill(gpu, source);
        return reason === undefined
          ? []
          : `rollout.maxUnavailable is ${rollout.maxUnavailable}, which is 0 of ${pods} ${name}: ${reason}; set it to 1.`;
      });
  },

  startFitsBudget({ workload, server }) {
    const { budgetSeconds } = workload.probes.startup;
    return budgetSeconds <= server.startSeconds
      ? `probes.startup.budgetSeconds is ${budgetSeconds}, but the server takes up to ${server.startSeconds} s to start; allow more than that.`
      : undefined;
  },

  probesTimeOutWithinPeriod({ workload: { probes } }) {
    const wrong = (['startup', 'liveness', 'readiness'] as const).filter(
      (name) => probes[name].timeoutSeconds > probes[name].periodSeconds,
    );
    return wrong.map((name) => {
      const { periodSeconds, timeoutSeconds } = probes[name];
      return `probes.${name}.timeoutSeconds is ${timeoutSeconds}, longer than its period of ${periodSeconds} s; use at most ${periodSeconds}.`;
    });
  },

  drainCoversRequests({ workload, server }) {
    if (workload.server.kind === 'other')
      return server.drainSeconds < server.requestSeconds
        ? `server.drainSeconds is ${server.drainSeconds}, shorter than the longest request of ${server.requestSeconds} s; requests would be cut off.`
        : undefined;
    const settings = withDefaults(workload.server.settings);
    const needed = settings.DRAIN_DELAY_MS + longestRequestMs(settings) + CLOSING_MS;
    return settings.SHUTDOWN_TIMEOUT_MS < needed
      ? `server.settings.SHUTDOWN_TIMEOUT_MS is ${settings.SHUTDOWN_TIMEOUT_MS}, but DRAIN_DELAY_MS, twice REQUEST_TIMEOUT_MS and ${CLOSING_MS} for the last answers make ${needed}; requests would be cut off.`
      : undefined;
  },
} satisfies Record<string, Rule>;
