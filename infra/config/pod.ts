import { z } from 'zod';
import { resourcesSchema } from './compute.ts';
import { anyText, flag, folder, imageReference, memory, objectName, shortName } from './fields.ts';
import { annotations, environment, labels } from './maps.ts';

const named = {
  /** Name of the volume. */
  name: shortName,
  /** Folder at which the server's container mounts the volume. @default not mounted there */
  mountPath: folder.optional(),
};

const volume = z.discriminatedUnion('kind', [
  z.strictObject({
    /** An empty folder that the pod's containers may write to and that is removed with the pod. */
    kind: z.literal('empty-dir'),
    ...named,
    /** Most that the volume may hold. */
    sizeLimit: memory,
    /** Whether the volume is in memory, and counts as such, as `/dev/shm` must be. */
    inMemory: flag,
  }),
  z.strictObject({
    /** The keys of a Secret as files, read-only. */
    kind: z.literal('secret'),
    ...named,
    /** Name of the Secret in the deployment's namespace. */
    secretName: objectName,
  }),
  z.strictObject({
    /** The keys of a ConfigMap as files, read-only. */
    kind: z.literal('config-map'),
    ...named,
    /** Name of the ConfigMap in the deployment's namespace. */
    configMapName: objectName,
  }),
  z.strictObject({
    /** A PersistentVolumeClaim that exists already. */
    kind: z.literal('claim'),
    ...named,
    /** Name of the claim in the deployment's namespace. */
    claimName: objectName,
    /** Whether the pods may only read the volume. */
    readOnly: flag,
  }),
]);

const container = z.strictObject({
  /** Name of the container. */
  name: shortName,
  /** Image of the container. It must run as `security.userId` and on a read-only root file system. */
  image: imageReference,
  /** Replaces the image's entry point. @default the image's */
  command: z.array(anyText).min(1, 'a command of at least one word').optional(),
  /** Arguments of the entry point. @default the image's */
  args: z.array(anyText).optional(),
  /** Environment variables, as in `pod.env`. @default {} */
  env: environment.optional(),
  /** CPU, memory and disk of the container, on top of those of the server. */
  resources: resourcesSchema,
  /** Volumes of `pod.volumes` that the container mounts. @default [] */
  mounts: z
    .array(
      z.strictObject({
        /** Name of the volume. */
        volume: shortName,
        /** Folder at which the volume is mounted. */
        mountPath: folder,
      }),
    )
    .optional(),
});

export const podSchema = z.strictObject({
  /** Further labels of the pods. @default {} */
  labels,
  /** Further annotations of the pods. @default {} */
  annotations,
  /**
   * Further environment variables of the server's container: text, or a key of a Secret or ConfigMap in the deployment's
   * namespace, such as `{ kind: 'secret', name: 'hub', key: 'token' }`. The service's settings are in `server.settings`.
   *
   * @default {}
   */
  env: environment,
  /** Further volumes. @default [] */
  volumes: z.array(volume),
  /**
   * Containers that run beside the server. From Kubernetes 1.29 on, they start before the model is loaded and stop after
   * the server.
   *
   * @default []
   */
  sidecars: z.array(container),
  /** Containers that run to their end, in this order, before the server starts. @default [] */
  initContainers: z.array(container),
});

export const serviceAccountSchema = z.strictObject({
  /** Annotations of the pods' ServiceAccount, which bind it to an identity of a cloud. @default {} */
  annotations,
});

/** What is added to the pods. */
export type PodConfig = z.infer<typeof podSchema>;
/** A container that is added to the pods. */
export type ContainerConfig = z.infer<typeof container>;
