import { openPackage, type ModelPackage } from '../../model/package/open-package.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { PackageVerifier } from '../../model/package/verify-package.ts';
import { closePixels, limitPixelMemory, toPixels } from '../../model/input/pixels/pixels.ts';
import { featureCacheBytes } from '../settings/memory.ts';
import type { Settings } from '../settings/read.ts';
import { planEngines, type EnginePlan } from '../engine/device/plan.ts';
import { PictureStore } from '../engine/session/picture-store.ts';
import { sparePicturesFd } from '../engine/process/fork-engine.ts';
import { EnginePool } from '../engine/process/pool.ts';
import { labelsOf, type Label } from './labels.ts';
import { pixelMemory } from './pixel-memory.ts';

/** The settings that {@link openEngines} and what is built on them read. */
export type ModelSettings = Pick<
  Settings,
  | 'LABELS'
  | 'IMAGE_ORIENTATION'
  | 'DEVICE'
  | 'ENGINES'
  | 'ENGINE_THREADS'
  | 'MAX_BATCH'
  | 'FEATURE_CACHE_MB'
  | 'MAX_BODIES_MB'
  | 'MAX_QUEUE'
  | 'REQUEST_TIMEOUT_MS'
  | 'ENGINE_TIMEOUT_MS'
  | 'ENGINE_START_TIMEOUT_MS'
>;

/** Batches whose pictures are kept where the engines can read them if the number of questions has no limit. */
const UNLIMITED_BATCHES = 64;

/** The settings of a program that asks as many questions at once as it likes. */
export function withoutQueueLimit<Given extends Pick<Settings, 'MAX_BATCH' | 'MAX_QUEUE'>>(settings: Given): Given {
  return { ...settings, MAX_QUEUE: UNLIMITED_BATCHES * settings.MAX_BATCH };
}

/** A model package and the engines that will run it. */
export interface OpenEngines {
  readonly modelPackage: ModelPackage;
  /** The answers as clients see them. */
  readonly labels: readonly Label[];
  /** The engines, which are not started yet. */
  readonly pool: EnginePool;
  /** Where pictures wait for an engine; undefined where processes cannot share memory. */
  readonly store: PictureStore | undefined;
  /** Stops the engines and the decoding threads. */
  close(): Promise<void>;
}

/**
 * Opens a model package and plans its engines. What else answers requests is built on them while they load, see
 * `modelOn`.
 *
 * @param dir the package's folder
 * @param engineProgram for tests @default the real one
 * @throws UserError `package-unreadable`; `package-damaged`; `machine-unsuitable` if the machine lacks what the settings
 *   require; `settings-invalid` if LABELS or DEVICE does not fit the package
 */
export async function openEngines(dir: string, settings: ModelSettings, engineProgram?: URL): Promise<OpenEngines> {
  const modelPackage = await openPackage(dir);
  const { manifest } = modelPackage;
  const labels = labelsOf(manifest.answers, settings.LABELS);
  const plan = await planWithPixels(settings, manifest, engineProgram);
  // Last, as nothing closes its file if something else fails.
  const store = PictureStore.open(manifest.image.size ** 2 * 3, settings.MAX_QUEUE, sparePicturesFd());
  const closing = new AbortController();
  const verifier = new PackageVerifier(modelPackage, closing.signal);
  const pool = new EnginePool({
    plan,
    modelPackage,
    verifyPackage: () => verifier.verify(),
    maxBatch: settings.MAX_BATCH,
    cacheBytes: featureCacheBytes(settings),
    startTimeoutMs: settings.ENGINE_START_TIMEOUT_MS,
    runTimeoutMs: settings.ENGINE_TIMEOUT_MS,
    ...(engineProgram === undefined ? {} : { program: engineProgram }),
    ...(store === undefined ? {} : { picturesFd: store.fd }),
  });
  warmDecoder(manifest.image.size);
  const close = async (): Promise<void> => {
    closing.abort(new Error('the model was closed'));
    await Promise.all([pool.stop(), closePixels()]);
    store?.close();
  };
  return { modelPackage, labels, pool, store, close };
}

/** Plans the engines, and limits decoding to the memory that they leave. */
async function planWithPixels(
  settings: ModelSettings,
  manifest: Manifest,
  engineProgram: URL | undefined,
): Promise<EnginePlan> {
  // A test's program does not need ONNX Runtime's CUDA provider.
  const plan = await planEngines(settings, manifest, engineProgram ? { cudaInstalled: true } : {});
  const { bytes, warning } = pixelMemory(plan, manifest.memory, settings);
  limitPixelMemory(bytes);
  return warning === undefined ? plan : { ...plan, warnings: [...plan.warnings, warning] };
}

/** Starts a decoding thread while the engine loads, so that the first request does not have to wait for it. */
function warmDecoder(size: number): void {
  const onePixel = Buffer.from('R0lGODlhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=', 'base64');
  toPixels(onePixel, size).catch(() => undefined);
}
