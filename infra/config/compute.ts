import { z } from 'zod';
import { isExtendedResource } from './api-rules.ts';
import {
  cpu,
  field,
  flag,
  folder,
  imageReference,
  labelKey,
  labelValue,
  memory,
  objectName,
  oneOf,
  podsOrPercent,
  text,
  whole,
} from './fields.ts';
import { labels } from './maps.ts';

/** A container image. */
export const imageSchema = z.strictObject({
  /** Registry, repository and tag or digest. @default registry.example.com/ai/ofa-ve-large:1.0 */
  reference: imageReference,
  /** When the node pulls the image. @default IfNotPresent */
  pullPolicy: oneOf('IfNotPresent', 'Always', 'Never'),
  /** Names of Secrets with the registry's credentials. @default [] */
  pullSecrets: z.array(objectName),
});

const deviceKey = text(
  isExtendedResource,
  'an extended resource such as nvidia.com/gpu: a DNS name other than kubernetes.io, a slash and a name of at most 63 characters',
);

const toleration = z.strictObject({
  /** Key of the taint. */
  key: labelKey,
  /** Value of the taint. @default any value */
  value: labelValue.optional(),
  /** Effect of the taint. */
  effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
});

/** A taint that pods tolerate. */
export type Taint = z.infer<typeof toleration>;

const gpuNodes = {
  /** Labels of the nodes that have the device. @default { 'nvidia.com/gpu.present': 'true' } */
  nodeSelector: labels,
  /** Taints of those nodes. @default [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] */
  tolerations: z.array(toleration),
};

export const gpuSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    /** No accelerator: the model runs on the CPU. */
    kind: z.literal('none'),
  }),
  z.strictObject({
    /** Whole devices, assigned by the device plugin. */
    kind: z.literal('device'),
    /** Extended resource that the plugin advertises. @default nvidia.com/gpu */
    resourceName: deviceKey,
    /** Devices per pod; the service runs an engine on each. @default 1 */
    count: whole(1, 16),
    ...gpuNodes,
  }),
  z.strictObject({
    /** Slices of a device, each with its own memory (MIG with the strategy `mixed`). */
    kind: z.literal('mig'),
    /** MIG profile, such as `1g.10gb`. */
    profile: text(/^[1-7]g\.\d{1,4}gb(\.me)?$/, 'a MIG profile such as 1g.10gb or 3g.40gb'),
    /** Slices per pod; the service runs an engine on each. */
    count: whole(1, 7),
    ...gpuNodes,
  }),
  z.strictObject({
    /** A time slice of a device, whose memory the pods on it share: together they must fit. */
    kind: z.literal('time-sliced'),
    /** Extended resource: `nvidia.com/gpu.shared` if the plugin renames shared devices, else `nvidia.com/gpu`. */
    resourceName: deviceKey,
    ...gpuNodes,
  }),
  z.strictObject({
    /** Devices of a device class (dynamic resource allocation, from Kubernetes 1.34 on). */
    kind: z.literal('dra'),
    /** Device class, such as `gpu.nvidia.com`. */
    deviceClassName: objectName,
    /** Devices per pod; the service runs an engine on each. */
    count: whole(1, 16),
    /** CEL expressions that a device must satisfy. */
    selectors: z
      .array(text(/^[\s\S]{1,10240}$/, 'a CEL expression of at most 10240 characters'))
      .max(32, 'a list of at most 32'),
    ...gpuNodes,
  }),
]);

const amounts = z.strictObject({
  /** Cores, or millicores such as `500m`. @default 2 requested, 4 at most */
  cpu,
  /** Main memory. @default 5.5Gi requested, 6Gi at most */
  memory,
  /** Local disk: logs and the writable folders. @default 1Gi requested, 4Gi at most */
  ephemeralStorage: memory,
});

export const resourcesSchema = z.strictObject({
  /** What the scheduler reserves for a pod. */
  requests: amounts,
  /** What a pod may not exceed. */
  limits: amounts,
});

const modelNeeds = z.strictObject({
  /** Bytes of weights and constants, resident once loaded. @default 2800000000 */
  weightsBytes: whole(0, 1e13),
  /** Bytes of activations per item of a batch; with a GPU, they are in its memory. @default 400000000 */
  activationBytesPerItem: whole(0, 1e13),
  /** Bytes that each engine needs besides: runtimes, decoded pictures, GPU libraries. @default 1500000000 */
  processBytes: whole(0, 1e13),
});

const modelSource = z.discriminatedUnion('kind', [
  z.strictObject({
    /** The package is in the container image. */
    kind: z.literal('image'),
  }),
  z.strictObject({
    /** The package is on a volume that an init container fills once. */
    kind: z.literal('claim'),
    /** Size of the volume. */
    size: memory,
    /** Storage class. @default the cluster's */
    storageClassName: objectName.optional(),
    /** `ReadWriteMany` lets replicas on several nodes share the volume. */
    accessMode: oneOf('ReadWriteOnce', 'ReadWriteMany'),
    /** Folder on the volume. A new version goes beside the old one, so a rollback finds its own. */
    version: text(/^[a-z0-9][a-z0-9.-]{0,39}$/, 'a folder name such as 1.0'),
    /** Image that contains the package. It needs a shell, cp and mv. */
    loaderImage: imageReference,
    /** Folder of the package in that image. */
    loaderFolder: folder,
  }),
  z.strictObject({
    /** The package is an OCI image that the node mounts (from Kubernetes 1.33 on, feature gate ImageVolume). */
    kind: z.literal('oci-volume'),
    /** The package's image. */
    reference: imageReference,
    /** When the node pulls the image. */
    pullPolicy: oneOf('IfNotPresent', 'Always', 'Never'),
  }),
]);

export const modelSchema = z.strictObject({
  /** Where the model package is. @default { kind: 'image' } */
  source: modelSource,
  /** Memory that the model needs; copy your own model's from `memory` in its package's manifest. */
  needs: modelNeeds,
});

export const schedulingSchema = z.strictObject({
  /**
   * Processor architecture of the nodes. `any` is for images that are built for both, or on the machine that runs them.
   *
   * @default amd64
   */
  architecture: oneOf('amd64', 'arm64', 'any'),
  /** Labels of the nodes, besides `gpu.nodeSelector`. @default {} */
  nodeSelector: labels,
  /** Taints that are tolerated, besides `gpu.tolerations`. @default [] */
  tolerations: z.array(toleration),
  /** How evenly the pods are spread over domains of nodes. @default across hosts and zones, where possible */
  spread: z.array(
    z.strictObject({
      /** Node label that defines the domains. */
      topologyKey: labelKey,
      /** Largest difference in pods between two domains. */
      maxSkew: whole(1, 100),
      /** Whether the spread is preferred or required. */
      whenUnsatisfiable: oneOf('ScheduleAnyway', 'DoNotSchedule'),
    }),
  ),
  /** RuntimeClass, for clusters whose default runtime has no GPU support. @default the cluster's */
  runtimeClassName: objectName.optional(),
  /** PriorityClass, for clusters where less important pods should make room. @default the cluster's */
  priorityClassName: objectName.optional(),
});

export const rolloutSchema = z.strictObject({
  /** Pods beyond the replicas during a rollout; each needs a spare GPU. @default 0 */
  maxSurge: podsOrPercent,
  /** Pods that may be missing during a rollout. @default 1 */
  maxUnavailable: podsOrPercent,
  /** Seconds for which a pod must be ready before the next is replaced. @default 10 */
  minReadySeconds: whole(0, 3600),
  /** Seconds allowed for pulling the image on a new node. @default 900 */
  imagePullSeconds: whole(0, 7200),
  /** Versions kept for a rollback. @default 5 */
  revisionHistoryLimit: whole(1, 100),
});

const probe = z.strictObject({
  /** Seconds between two probes. @default 10 for liveness, 5 for readiness */
  periodSeconds: whole(1, 300),
  /** Seconds to wait for an answer; at most the period. @default 5 for liveness, 3 for readiness */
  timeoutSeconds: whole(1, 300),
  /** Consecutive failures after which the kubelet acts. @default 3 for liveness, 2 for readiness */
  failureThreshold: whole(1, 1000),
});

export const probesSchema = z.strictObject({
  /** Asked until the server has started. */
  startup: z.strictObject({
    /** Seconds between two probes. @default 5 */
    periodSeconds: whole(1, 300),
    /** Seconds to wait for an answer; at most the period. @default 3 */
    timeoutSeconds: whole(1, 300),
    /** Seconds from the container's start until it is restarted; above the server's own start limit. @default 660 */
    budgetSeconds: whole(1, 7200),
  }),
  /** Restarts the container when it fails. */
  liveness: probe,
  /** Takes the pod out of its Service when it fails. */
  readiness: probe,
});

export const shutdownSchema = z.strictObject({
  /** Wait before SIGTERM, in which load balancers remove the pod. @default 5 */
  preStopSeconds: whole(0, 600),
  /** Reserve on top of what the server needs. @default 5 */
  marginSeconds: whole(1, 600),
});

export const securitySchema = z.strictObject({
  /** User and group id of the process, which must be able to read the image's files. @default 10001 */
  userId: field<number>(
    (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 2 ** 31 - 1,
    'a user id from 1 to 2147483647, as the pods do not run as root',
  ),
  /** Whether the root file system is read-only. @default true */
  readOnlyRootFilesystem: flag,
});
