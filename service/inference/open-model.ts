import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { readRegular } from '../../model/regular-file.ts';
import { openPackage, type ModelPackage } from '../../model/package/open-package.ts';
import { PACKAGE_FILES } from '../../model/package/layout.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { PackageVerifier, verifyContent } from '../../model/package/verify-package.ts';
import { loadTokenizer, type Tokenizer } from '../../model/package/tokenizer.ts';
import { featureCacheBytes } from '../settings/memory.ts';
import type { Settings } from '../settings/read.ts';
import { planEngines, type EnginePlan } from '../engine/device/plan.ts';
import { PictureStore } from '../engine/session/picture-store.ts';
import { sparePicturesFd } from '../engine/process/fork-engine.ts';
import { EnginePool } from '../engine/process/pool.ts';
import { AnswerCache } from './answer-cache.ts';
import { batchEngine } from './batching/batch-engine.ts';
import { Batcher } from './batching/batcher.ts';
import { Explainer } from './explainer.ts';
import { labelsOf, type Label } from './labels.ts';
import type { InferenceObserver } from './observer.ts';
import { PictureCache } from './picture-cache.ts';
import { pixelMemory } from './pixel-memory.ts';
import { closePixels, limitPixelMemory, pixelMemoryUse, toPixels } from '../../model/input/pixels/pixels.ts';
import { BatchingPredictor, type PredictItem, type PredictOutput } from './batching-predictor.ts';
import type { Predictor } from './predictor.ts';
import { ItemQuarantine } from './batching/quarantine.ts';
import { promptEncoder } from './prompt-encoder.ts';

/** The settings that {@link openModel} reads. */
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

/** A model package with everything that answers requests with it. */
export interface OpenModel {
  readonly modelPackage: ModelPackage;
  readonly tokenizer: Tokenizer;
  readonly predictor: Predictor;
  readonly explainer: Explainer;
  /** Memory that decoding may take at the moment, and its limit. */
  readonly pixelMemoryUse: typeof pixelMemoryUse;
  /** The answers as clients see them. */
  readonly labels: readonly Label[];
  /** The engines, which are not started yet. */
  readonly pool: EnginePool;
  readonly batcher: Batcher<PredictItem, PredictOutput>;
  /**
   * Starts the engines, unless they are running, and awaits work that needs them. Fails with the first engine failure
   * instead of waiting for a replacement, as a command should.
   *
   * @throws UserError `engine-failed` as soon as an engine fails
   */
  failFast<T>(work: Promise<T>): Promise<T>;
  /** Stops the engines and the decoding threads. */
  close(): Promise<void>;
}

export interface OpenModelOptions {
  readonly observer?: InferenceObserver;
  /** The engine's program, for tests. @default the real one */
  readonly engineProgram?: URL;
}

/**
 * Opens a model package and builds what leads from a request to its engines: picture cache, predictor, batcher, pool.
 *
 * @param dir the package's folder
 * @throws UserError `package-unreadable`; `package-damaged`; `machine-unsuitable` if the machine lacks what the settings
 *   require; `settings-invalid` if LABELS or DEVICE does not fit the package
 */
export async function openModel(
  dir: string,
  settings: ModelSettings,
  { observer, engineProgram }: OpenModelOptions = {},
): Promise<OpenModel> {
  const modelPackage = await openPackage(dir);
  const tokenizer = await openTokenizer(modelPackage);
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
  const batcher = new Batcher<PredictItem, PredictOutput>({
    engines: pool.engines.map((engine) => batchEngine(engine.supervisor, manifest.answers.length, store, observer)),
    maxBatch: settings.MAX_BATCH,
    quarantine: new ItemQuarantine(),
  });
  const parts = {
    modelPackage,
    labels,
    encode: promptEncoder(tokenizer, manifest.text),
    pictures: pictureCache(manifest.image.size, settings.IMAGE_ORIENTATION, store),
    answers: settings.FEATURE_CACHE_MB > 0 ? new AnswerCache() : undefined,
    batcher,
    observer,
  };
  const predictor = new BatchingPredictor(parts);
  const explainer = new Explainer(predictor, parts, explainerLimits(settings, pool.engines.length));
  const close = async (): Promise<void> => {
    closing.abort(new Error('the model was closed'));
    await Promise.all([pool.stop(), closePixels()]);
    store?.close();
  };
  return {
    modelPackage,
    tokenizer,
    predictor,
    explainer,
    pixelMemoryUse,
    labels,
    pool,
    batcher,
    failFast: failFastOn(pool),
    close,
  };
}

function pictureCache(size: number, orientation: ModelSettings['IMAGE_ORIENTATION'], store: PictureStore | undefined) {
  return new PictureCache((bytes, signal) => toPixels(bytes, size, { signal, orientation }), store);
}

const explainerLimits = ({ MAX_BATCH, REQUEST_TIMEOUT_MS }: ModelSettings, engines: number) => ({
  maxAtOnce: engines,
  maxWaiting: MAX_BATCH,
  longestMs: REQUEST_TIMEOUT_MS,
});

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

function failFastOn(pool: EnginePool): OpenModel['failFast'] {
  const failed = new Promise<never>((_, reject) => {
    pool.once('failure', ({ reason, message }) => {
      const isDamaged = reason === 'package';
      const error = isDamaged
        ? new UserError('package-damaged', message)
        : new UserError('engine-failed', `The engine failed: ${message}.`);
      reject(error);
    });
  });
  // A service replaces its engines and never awaits this.
  failed.catch(() => undefined);
  return (work) => {
    pool.start();
    return Promise.race([work, failed]);
  };
}

/** Starts a decoding thread while the engine loads, so that the first request does not have to wait for it. */
function warmDecoder(size: number): void {
  const onePixel = Buffer.from('R0lGODlhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=', 'base64');
  toPixels(onePixel, size).catch(() => undefined);
}

/** Reads a package's tokenizer. @throws UserError `package-unreadable` or `package-damaged` */
export async function openTokenizer(modelPackage: ModelPackage): Promise<Tokenizer> {
  const path = join(modelPackage.dir, PACKAGE_FILES.tokenizer);
  const json = await readRegular(path).catch((cause: unknown) => {
    const message = `The model package has no readable ${PACKAGE_FILES.tokenizer}; compile it again.`;
    throw new UserError('package-unreadable', message, { cause });
  });
  verifyContent(modelPackage, PACKAGE_FILES.tokenizer, json);
  return loadTokenizer(json.toString('utf8'));
}
