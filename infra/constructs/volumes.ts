import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { canonicalMemory } from '../config/fields.ts';
import type { ModelConfig } from '../config/schema.ts';
import { API_KEYS_FOLDER, CUDA_CACHE_FOLDER, modelFolder, MODELS_FOLDER } from '../config/pod-settings.ts';
import type { WorkloadContext } from '../workload/context.ts';

/** A volume of the pod and where the server's container mounts it. */
interface Mounted {
  readonly volume: NonNullable<IPodSpec['volumes']>[number];
  readonly mountPath: string;
  readonly readOnly?: true;
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
  return [{ volume: { name: 'models', ...from }, mountPath: MODELS_FOLDER, readOnly: true }];
}

function emptyDir(name: string, mountPath: string, sizeLimit: string, inMemory = false): Mounted {
  return {
    volume: { name, emptyDir: { ...(inMemory ? { medium: 'Memory' } : {}), sizeLimit } },
    mountPath,
  };
}

function serverVolumes({ workload: { server } }: WorkloadContext): Mounted[] {
  if (server.kind === 'other')
    return server.writable.map(({ name, mountPath, sizeLimit, inMemory }) =>
      emptyDir(name, mountPath, canonicalMemory(sizeLimit), inMemory),
    );
  if (server.apiKeys === undefined) return [];
  const { secretName } = server.apiKeys;
  return [
    // A folder, as a single mounted file would not change with the Secret.
    { volume: { name: 'api-keys', secret: { secretName } }, mountPath: API_KEYS_FOLDER, readOnly: true },
  ];
}

/** The volumes of a pod: the model, the server's own, and the writable folders. */
export function mountedVolumes(context: WorkloadContext, model: ModelConfig): Mounted[] {
  return [
    ...modelVolume(context, model),
    ...serverVolumes(context),
    emptyDir('tmp', '/tmp', '1Gi'),
    ...(context.workload.gpu.kind === 'none' ? [] : [emptyDir('cuda-cache', CUDA_CACHE_FOLDER, '1Gi')]),
  ];
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
      name: 'load-model',
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
