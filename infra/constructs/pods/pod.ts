import type { IContainer, IPodSpec, IPodTemplateSpec } from 'kubernetes-models/v1';
import { atLeast } from '../../config/fields.ts';
import { ARCHITECTURE_LABEL, serverContainer } from '../../config/pod-settings.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import {
  canaryPriorityClass,
  metricsPortName,
  ownPodAnnotations,
  podLabels,
  PORT_NAMES,
  trackSelector,
  type Track,
} from '../../workload/names.ts';
import type { TrackProps } from '../../workload/track.ts';
import { devicesOf, toleration } from './accelerator.ts';
import { addedContainers } from './added-containers.ts';
import { amountsOf } from './amounts.ts';
import { environmentVariables } from './environment-variables.ts';
import { claimTemplateName } from './gpu-claim.ts';
import { modelLoader, mountsOf, podVolumes } from './volumes.ts';

/** Name of the device claim within a pod. */
const GPU_CLAIM = 'gpu';

type Probe = NonNullable<IContainer['livenessProbe']>;

/**
 * Readiness is probed on the port for requests, so that a dead listener gets no traffic; start and liveness on the port
 * for metrics, which a flood of requests does not block.
 */
function probes({ workload, server }: WorkloadContext) {
  const { startup, liveness, readiness } = workload.probes;
  const quietPort = workload.server.kind === 'ofa-ve' ? metricsPortName(server) : PORT_NAMES.http;
  const get = (path: string, port: string): Pick<Probe, 'httpGet'> => ({ httpGet: { path, port } });
  return {
    startupProbe: {
      ...get(server.paths.startup, quietPort),
      periodSeconds: startup.periodSeconds,
      timeoutSeconds: startup.timeoutSeconds,
      failureThreshold: Math.ceil(startup.budgetSeconds / startup.periodSeconds),
    },
    livenessProbe: { ...get(server.paths.live, quietPort), ...liveness },
    readinessProbe: { ...get(server.paths.ready, PORT_NAMES.http), ...readiness },
  } satisfies Partial<IContainer>;
}

/** The wait before SIGTERM: by the kubelet itself from 1.30 on, before by a command of the image. */
function preStop({ workload, kubernetesVersion }: WorkloadContext): Partial<IContainer> {
  const seconds = workload.shutdown.preStopSeconds;
  if (seconds === 0) return {};
  if (atLeast(kubernetesVersion, '1.30')) return { lifecycle: { preStop: { sleep: { seconds } } } };
  const command =
    workload.server.kind === 'ofa-ve'
      ? ['node', '-e', `setTimeout(() => {}, ${seconds * 1000})`]
      : workload.server.preStopCommand.map((word) => word.replaceAll('$SECONDS', String(seconds)));
  return { lifecycle: { preStop: { exec: { command } } } };
}

/** The security context of every container. */
export function securityContext({ workload }: WorkloadContext): NonNullable<IContainer['securityContext']> {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: workload.security.readOnlyRootFilesystem,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
  };
}

/** Resources of the container with the model. */
export function containerResources({ workload }: WorkloadContext): NonNullable<IContainer['resources']> {
  const { requests, limits } = workload.resources;
  const devices = devicesOf(workload.gpu);
  return {
    requests: { ...amountsOf(requests), ...devices },
    limits: { ...amountsOf(limits), ...devices },
    ...(workload.gpu.kind === 'dra' ? { claims: [{ name: GPU_CLAIM }] } : {}),
  };
}

function containerPorts({ server: { ports, grpcPort } }: WorkloadContext): NonNullable<IContainer['ports']> {
  const named = (name: string, containerPort: number) => ({ name, containerPort, protocol: 'TCP' }) as const;
  return [
    named(PORT_NAMES.http, ports.http),
    ...(grpcPort === undefined ? [] : [named(PORT_NAMES.grpc, grpcPort)]),
    ...(ports.admin === ports.http ? [] : [named(PORT_NAMES.metrics, ports.admin)]),
  ];
}

function serverOf(context: WorkloadContext, props: TrackProps): IContainer {
  const { image, model } = props;
  const { server } = context.workload;
  const { command, args } = server.kind === 'other' ? server : { command: [], args: [] };
  return {
    name: serverContainer(context.workload),
    image: image.reference,
    imagePullPolicy: image.pullPolicy,
    ...(command.length > 0 ? { command } : {}),
    ...(args.length > 0 ? { args } : {}),
    ports: containerPorts(context),
    env: environmentVariables(context, props),
    resources: containerResources(context),
    ...probes(context),
    ...preStop(context),
    securityContext: securityContext(context),
    volumeMounts: mountsOf(podVolumes(context, model)),
  };
}

/** How evenly the pods of a track are spread. */
function spread(context: WorkloadContext, track: Track): Partial<IPodSpec> {
  const constraints = context.workload.scheduling.spread.map((constraint) => ({
    ...constraint,
    labelSelector: { matchLabels: trackSelector(context, track) },
    // Otherwise a rollout would count the pods that it is about to remove.
    matchLabelKeys: ['pod-template-hash'],
    // Otherwise a node that is drained would count as one without pods, and a required spread keep pods from the others.
    nodeTaintsPolicy: 'Honor' as const,
  }));
  return constraints.length > 0 ? { topologySpreadConstraints: constraints } : {};
}

/** Which nodes run the pods, and how they get their devices. */
function placement(context: WorkloadContext): Partial<IPodSpec> {
  const { gpu, scheduling } = context.workload;
  const gpuNodes = gpu.kind === 'none' ? { nodeSelector: {}, tolerations: [] } : gpu;
  const nodeSelector = {
    ...(scheduling.architecture === 'any' ? {} : { [ARCHITECTURE_LABEL]: scheduling.architecture }),
    ...gpuNodes.nodeSelector,
    ...scheduling.nodeSelector,
  };
  const tolerations = [...gpuNodes.tolerations, ...scheduling.tolerations].map(toleration);
  const { runtimeClassName } = scheduling;
  return {
    ...(Object.keys(nodeSelector).length > 0 ? { nodeSelector } : {}),
    ...(tolerations.length > 0 ? { tolerations } : {}),
    ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
    ...(gpu.kind === 'dra'
      ? { resourceClaims: [{ name: GPU_CLAIM, resourceClaimTemplateName: claimTemplateName(context, gpu) }] }
      : {}),
  };
}

/**
 * What all pods of a workload have in common. They fulfil the Pod Security level `restricted`.
 *
 * @param container the one with the model
 */
export function basePod(
  context: WorkloadContext,
  { image, model }: Omit<TrackProps, 'track'>,
  container: IContainer,
): IPodSpec {
  const { workload } = context;
  const { userId } = workload.security;
  const rights = securityContext(context);
  const { first, init, beside } = addedContainers(context, model, rights);
  const initContainers = [...first, ...modelLoader(model, rights), ...init];
  return {
    serviceAccountName: workload.name,
    automountServiceAccountToken: false,
    // The variables of a Service could be mistaken for settings: a Service named "port" sets PORT.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(image.pullSecrets.length > 0 ? { imagePullSecrets: image.pullSecrets.map((name) => ({ name })) } : {}),
    ...placement(context),
    ...(initContainers.length > 0 ? { initContainers } : {}),
    containers: [container, ...beside],
  };
}

/** The pod of a track. */
function podSpec(context: WorkloadContext, props: TrackProps): IPodSpec {
  const { workload, server } = context;
  const { preStopSeconds, marginSeconds } = workload.shutdown;
  const { scheduling } = workload;
  const priorityClassName = props.track === 'canary' ? canaryPriorityClass(context).name : scheduling.priorityClassName;
  return {
    ...basePod(context, props, serverOf(context, props)),
    ...spread(context, props.track),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    terminationGracePeriodSeconds: preStopSeconds + server.drainSeconds + marginSeconds,
    volumes: podVolumes(context, props.model).map(({ volume }) => volume),
  };
}

/**
 * Lets the cluster autoscaler evict the pod to remove a node that it can spare. By default, it keeps every node on which
 * a pod has an emptyDir; those of these pods hold nothing that must survive the pod.
 */
function movable({ volumes = [] }: IPodSpec): Record<string, string> {
  const local = volumes.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name);
  return { 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': local.join(',') };
}

/** The template of the pods of a track. */
export function podTemplate(context: WorkloadContext, props: TrackProps): IPodTemplateSpec {
  const { pod } = context.workload;
  const spec = podSpec(context, props);
  return {
    metadata: {
      annotations: { ...ownPodAnnotations(context), ...movable(spec), ...pod.annotations },
      labels: { ...podLabels(context, props.track, props.image.reference), ...pod.labels },
    },
    spec,
  };
}
