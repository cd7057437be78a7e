import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { canonicalMemory } from '../../config/fields.ts';
import type { PodConfig } from '../../config/pod.ts';
import { LOADER_CONTAINER, modelFolder, MODELS_FOLDER, OWN_VOLUMES } from '../../config/pod-settings.ts';
import type { ModelConfig } from '../../config/schema.ts';
import type { WorkloadContext } from '../../workload/context.ts';

type VolumeMount = NonNullable<IContainer['volumeMounts']>[number];
type Volume = NonNullable<IPodSpec['volumes']>[number];

/** A volume of the pod and where its main container mounts it. */
export interface Mounted {
  readonly volume: Volume;
  /** Undefined if only other containers mount it. */
  readonly mountPath: string | undefined;
  readonly readOnly?: boolean;
}

/** Name of the claim that holds a workload's models. */
export function claimName({ workload }: WorkloadContext): string {
  return `${workload.name}-models`;
}

function modelVolume(context: WorkloadContext, { source }: ModelConfig): Mounted[] {
  if (source.kind === 'image') return [];
  const from =
    source.kind === 'claim'
      ? { persistentVolumeClaim: { claimName: claimName(context) } }
      : { image: { reference: source.reference, pullPolicy: source.pullPolicy } };
  return [ownVolume('models', from, true)];
}

/** One of {@link OWN_VOLUMES}. */
function ownVolume(name: keyof typeof OWN_VOLUMES, source: Omit<Volume, 'name'>, readOnly = false): Mounted {
  return { volume: { name, ...source }, mountPath: OWN_VOLUMES[name], readOnly };
}

function emptyDir(sizeLimit: string, inMemory = false): Omit<Volume, 'name'> {
  return { emptyDir: { ...(inMemory ? { medium: 'Memory' } : {}), sizeLimit } };
}

function apiKeys({ workload: { server } }: WorkloadContext): Mounted[] {
  if (server.kind === 'other' || server.apiKeys === undefined) return [];
  const { secretName } = server.apiKeys;
  // A folder, as a single mounted file would not change with the Secret.
  return [ownVolume('api-keys', { secret: { secretName } }, true)];
}

/** A volume that the configuration adds. */
function added(volume: PodConfig['volumes'][number]): Mounted {
  const { name, mountPath } = volume;
  switch (volume.kind) {
    case 'empty-dir':
      return { volume: { name, ...emptyDir(canonicalMemory(volume.sizeLimit), volume.inMemory) }, mountPath };
    case 'secret':
      return { volume: { name, secret: { secretName: volume.secretName } }, mountPath, readOnly: true };
    case 'config-map':
      return { volume: { name, configMap: { name: volume.configMapName } }, mountPath, readOnly: true };
    case 'claim': {
      const { claimName: claim, readOnly } = volume;
      return { volume: { name, persistentVolumeClaim: { claimName: claim } }, mountPath, readOnly };
    }
  }
}

/**
 * The volumes of a pod: the model, those of its program, those of the configuration, and the writable folders.
 *
 * @param own the program's volumes @default the API keys of the service
 */
export function podVolumes(
  context: WorkloadContext,
  model: ModelConfig,
  own: readonly Mounted[] = apiKeys(context),
): Mounted[] {
  const { gpu, pod } = context.workload;
  return [
    ...modelVolume(context, model),
    ...own,
    ...pod.volumes.map(added),
    ownVolume('tmp', emptyDir('1Gi')),
    ...(gpu.kind === 'none' ? [] : [ownVolume('cuda-cache', emptyDir('1Gi'))]),
  ];
}

/** How the main container of a pod mounts its volumes. */
export function mountsOf(volumes: readonly Mounted[]): VolumeMount[] {
  return volumes.flatMap((mounted) => (mounted.mountPath === undefined ? [] : [mountOf(mounted, mounted.mountPath)]));
}

/** Mounts a volume. The server drops `readOnly: false`. */
export function mountOf({ volume, readOnly = false }: Mounted, mountPath: string): VolumeMount {
  return { name: volume.name, mountPath, ...(readOnly ? { readOnly } : {}) };
}

/**
 * Fills the claim once. The package is copied next to its target and moved there in one step, so no pod sees a partial
 * package and pods that start at the same time do not interfere.
 */
const FILL_SCRIPT = [
  'set -eu',
  'test ! -e "$TARGET" || exit 0',
  'part="$TARGET.part-$HOSTNAME"',
  'rm -rf "$part"',
  'cp -R "$SOURCE" "$part"',
  'mv -T "$part" "$TARGET" || { test -e "$TARGET" && rm -rf "$part"; }',
].join('\n');

/** The init container that fills the claim, if the model is on one. */
export function modelLoader(
  model: ModelConfig,
  securityContext: NonNullable<IContainer['securityContext']>,
): IContainer[] {
  const { source } = model;
  if (source.kind !== 'claim') return [];
  const amounts = { cpu: '500m', memory: '512Mi', 'ephemeral-storage': '100Mi' };
  return [
    {
      name: LOADER_CONTAINER,
      image: source.loaderImage,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', FILL_SCRIPT],
      env: [
        { name: 'SOURCE', value: source.loaderFolder },
        { name: 'TARGET', value: modelFolder(model) ?? MODELS_FOLDER },
      ],
      resources: { requests: amounts, limits: amounts },
      securityContext,
      volumeMounts: [{ name: 'models', mountPath: MODELS_FOLDER }],
    },
  ];
}
