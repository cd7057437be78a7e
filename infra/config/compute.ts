import { z } from 'zod';
import {
  anyText,
  cpu,
  field,
  flag,
  imageReference,
  labels,
  memory,
  objectName,
  oneOf,
  podsOrPercent,
  text,
  whole,
} from './fields.ts';

/** A container image and how to fetch it. */
export const imageSchema = z.strictObject({
  /** Registry, repository and tag or digest. */
  reference: imageReference,
  /** When the node fetches it. */
  pullPolicy: oneOf('IfNotPresent', 'Always', 'Never'),
  /** Secrets with the registry's credentials. */
  pullSecrets: z.array(objectName),
});

const deviceKey = text(/^[a-z0-9.-]+\/[\w.-]+$/, 'an extended resource such as nvidia.com/gpu');

const toleration = z.strictObject({
  /** Key of the taint. */
  key: anyText,
  /** Value of the taint; left out, any value. */
  value: anyText.optional(),
  /** Effect of the taint. */
  effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
});

/** A taint that pods put up with. */
export type Taint = z.infer<typeof toleration>;

const gpuNodes = {
  /** Labels of the nodes that have the device. */
  nodeSelector: labels,
  /** Taints that such nodes carry. */
  tolerations: z.array(toleration),
};

/** The accelerator of a pod. */
export const gpuSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    /** No accelerator: the model runs on the CPU. */
    kind: z.literal('none'),
  }),
  z.strictObject({
    /** Whole devices, by the device plugin. */
    kind: z.literal('device'),
    /** Extended resource that the plugin offers. */
    resourceName: deviceKey,
    /** Devices a pod; the service runs an engine on each. */
    count: whole(1, 16),
    ...gpuNodes,
  }),
  z.strictObject({
    /** A slice of a device with memory of its own (MIG, strategy `mixed`). */
    kind: z.literal('mig'),
    /** Profile, as in `1g.10gb`. */
    profile: text(/^[1-7]g\.\d+gb(\.me)?$/, 'a MIG profile such as 1g.10gb or 3g.40gb'),
    /** Slices a pod; the service runs an engine on each. */
    count: whole(1, 7),
    ...gpuNodes,
  }),
  z.strictObject({
    /** A share of a device without memory of its own: the pods on one device must fit it together. */
    kind: z.literal('time-sliced'),
    /** Extended resource: `nvidia.com/gpu.shared` where the plugin renames shared devices, else `nvidia.com/gpu`. */
    resourceName: deviceKey,
    ...gpuNodes,
  }),
  z.strictObject({
    /** A claim on the cluster's device classes (dynamic resource allocation, Kubernetes 1.34 and newer). */
    kind: z.literal('dra'),
    /** Device class, as in `gpu.nvidia.com`. */
    deviceClassName: objectName,
    /** Devices a pod; the service runs an engine on each. */
    count: whole(1, 16),
    /** CEL expressions that a device has to fulfil. */
    selectors: z.array(anyText),
    ...gpuNodes,
  }),
]);

const amounts = z.strictObject({
  cpu,
  memory,
  /** Local disk: logs and the writable folders. */
  ephemeralStorage: memory,
});

/** What a pod asks for and what it may not exceed. */
export const resourcesSchema = z.strictObject({ requests: amounts, limits: amounts });

/** What the model needs in memory, as `memory` of its package's manifest says. */
const modelNeeds = z.strictObject({
  /** Bytes of weights and constants, resident once loaded. */
  weightsBytes: whole(0, 1e13),
  /** Bytes of activations for each item of a batch. They are in the GPU's memory where there is one. */
  activationBytesPerItem: whole(0, 1e13),
  /** Bytes that each engine needs besides: run time, decoded pictures, libraries of the GPU. */
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
    /** Storage class; left out, the cluster's default. */
    storageClassName: objectName.optional(),
    /** ReadWriteMany lets replicas on several nodes share it. */
    accessMode: oneOf('ReadWriteOnce', 'ReadWriteMany'),
    /** Folder on the volume: a new version goes beside the old one, so that a rollback finds its own. */
    version: text(/^[a-z0-9][a-z0-9.-]{0,39}$/, 'a folder name such as 1.0'),
    /** Image that holds the package. It needs a shell, cp and mv. */
    loaderImage: imageReference,
    /** Folder of the package in that image. */
    loaderFolder: text(/^\/[\w./-]+$/, 'an absolute folder such as /package'),
  }),
  z.strictObject({
    /** The package is an OCI image that the node mounts (Kubernetes 1.33 and newer, feature ImageVolume). */
    kind: z.literal('oci-volume'),
    /** That image. */
    reference: imageReference,
    /** When the node fetches it. */
    pullPolicy: oneOf('IfNotPresent', 'Always', 'Never'),
  }),
]);

/** Where the model comes from and what it needs. */
export const modelSchema = z.strictObject({ source: modelSource, needs: modelNeeds });

/** Which nodes, beyond those that have the device, and in which order. */
export const schedulingSchema = z.strictObject({
  /** Labels of the nodes, besides `gpu.nodeSelector`. */
  nodeSelector: labels,
  /** Taints that are tolerated, besides `gpu.tolerations`. */
  tolerations: z.array(toleration),
  /** How evenly the pods are spread. */
  spread: z.array(
    z.strictObject({
      /** Node label that makes a domain. */
      topologyKey: anyText,
      /** Largest difference in pods between two domains. */
      maxSkew: whole(1, 100),
      /** Whether the spread is a wish or a condition. */
      whenUnsatisfiable: oneOf('ScheduleAnyway', 'DoNotSchedule'),
    }),
  ),
  /** RuntimeClass, for clusters whose default runtime has no GPU support. */
  runtimeClassName: objectName.optional(),
  /** PriorityClass, for clusters where less important pods should make room. */
  priorityClassName: objectName.optional(),
});

/** How one version replaces another. */
export const rolloutSchema = z.strictObject({
  /** Pods above the replicas while a rollout is under way; each needs a spare GPU. */
  maxSurge: podsOrPercent,
  /** Pods that may be missing meanwhile. */
  maxUnavailable: podsOrPercent,
  /** Seconds that a pod must be ready before the next is replaced. */
  minReadySeconds: whole(0, 3600),
  /** Seconds allowed for fetching the image on a new node. */
  imagePullSeconds: whole(0, 7200),
  /** Versions kept for a rollback. */
  revisionHistoryLimit: whole(1, 100),
});

const probe = z.strictObject({
  periodSeconds: whole(1, 300),
  timeoutSeconds: whole(1, 300),
  /** Failures in a row until it counts. */
  failureThreshold: whole(1, 1000),
});

/** How the kubelet asks after a pod. Paths and ports follow from the server. */
export const probesSchema = z.strictObject({
  startup: z.strictObject({
    periodSeconds: whole(1, 300),
    timeoutSeconds: whole(1, 300),
    /** Time from the container's start until it counts as failed; above the server's own limit for its start. */
    budgetSeconds: whole(1, 7200),
  }),
  liveness: probe,
  readiness: probe,
});

/** How a pod ends. The grace period is `preStopSeconds` + the server's own shutdown time + `marginSeconds`. */
export const shutdownSchema = z.strictObject({
  /** Wait before SIGTERM, while the endpoints are taken out of the load balancers. */
  preStopSeconds: whole(0, 600),
  /** Reserve on top of what the server needs. */
  marginSeconds: whole(1, 600),
});

/** Who the process is. */
export const securitySchema = z.strictObject({
  /** User and group of the process; the image must be readable to them. */
  userId: field<number>(
    (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 2 ** 31 - 1,
    'a user id from 1 to 2147483647, as the pods do not run as root',
  ),
  /** Whether the root file system is read-only. */
  readOnlyRootFilesystem: flag,
});
