import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { readRegular } from '../../model/regular-file.ts';
import type { ModelPackage } from '../../model/package/open-package.ts';
import { PACKAGE_FILES } from '../../model/package/layout.ts';
import { verifyContent } from '../../model/package/verify-package.ts';
import { loadTokenizer, type Tokenizer } from '../../model/package/tokenizer.ts';
import { pixelMemoryUse, toPixels } from '../../model/input/pixels/pixels.ts';
import type { PictureStore } from '../engine/session/picture-store.ts';
import type { EnginePool } from '../engine/process/pool.ts';
import { AnswerCache } from './answer-cache.ts';
import { batchEngine } from './batching/batch-engine.ts';
import { Batcher } from './batching/batcher.ts';
import { Explainer } from './explainer.ts';
import type { InferenceObserver } from './observer.ts';
import { openEngines, type ModelSettings, type OpenEngines } from './open-engines.ts';
import { PictureCache } from './picture-cache.ts';
import { BatchingPredictor, type PredictItem, type PredictOutput } from './batching-predictor.ts';
import type { Predictor } from './predictor.ts';
import { ItemQuarantine } from './batching/quarantine.ts';
import { promptEncoder } from './prompt-encoder.ts';

/** A model package with everything that answers requests with it. */
export interface OpenModel extends OpenEngines {
  readonly tokenizer: Tokenizer;
  readonly predictor: Predictor;
  readonly explainer: Explainer;
  /** Memory that decoding may take at the moment, and its limit. */
  readonly pixelMemoryUse: typeof pixelMemoryUse;
  readonly batcher: Batcher<PredictItem, PredictOutput>;
  /**
   * Starts the engines, unless they are running, and awaits work that needs them. Fails with the first engine failure
   * instead of waiting for a replacement, as a command should.
   *
   * @throws UserError `engine-failed` as soon as an engine fails
   */
  failFast<T>(work: Promise<T>): Promise<T>;
}

export interface OpenModelOptions {
  readonly observer?: InferenceObserver;
  /** The engine's program, for tests. @default the real one */
  readonly engineProgram?: URL;
}

/**
 * Opens a model package with its engines and everything else that answers requests.
 *
 * @param dir the package's folder
 * @throws UserError as {@link openEngines} and {@link modelOn}
 */
export async function openModel(
  dir: string,
  settings: ModelSettings,
  { observer, engineProgram }: OpenModelOptions = {},
): Promise<OpenModel> {
  const engines = await openEngines(dir, settings, engineProgram);
  return modelOn(engines, settings, observer).catch(async (error: unknown) => {
    await engines.close();
    throw error;
  });
}

/**
 * Builds what leads from a request to engines: tokenizer, picture cache, predictor, batcher. The tokenizer of OFA's
 * vocabulary takes 0.15 s, in which the engines can load already.
 *
 * @param engines are closed by the model's `close`, or by the caller if this fails
 * @throws UserError `package-unreadable` or `package-damaged`, for the tokenizer
 */
export async function modelOn(
  engines: OpenEngines,
  settings: ModelSettings,
  observer?: InferenceObserver,
): Promise<OpenModel> {
  const { modelPackage, pool, store } = engines;
  const { manifest } = modelPackage;
  const tokenizer = await openTokenizer(modelPackage);
  const batcher = new Batcher<PredictItem, PredictOutput>({
    engines: pool.engines.map((engine) => batchEngine(engine.supervisor, manifest.answers.length, store, observer)),
    maxBatch: settings.MAX_BATCH,
    quarantine: new ItemQuarantine(),
  });
  // With 0, neither answers nor texts outlive their requests.
  const keeps = settings.FEATURE_CACHE_MB > 0;
  const parts = {
    modelPackage,
    labels: engines.labels,
    encode: promptEncoder(tokenizer, manifest.text, keeps),
    pictures: pictureCache(manifest.image.size, settings.IMAGE_ORIENTATION, store),
    answers: keeps ? new AnswerCache() : undefined,
    batcher,
    observer,
  };
  const predictor = new BatchingPredictor(parts);
  const explainer = new Explainer(predictor, parts, explainerLimits(settings, pool.engines.length));
  const failFast = failFastOn(pool);
  return { ...engines, tokenizer, predictor, explainer, pixelMemoryUse, batcher, failFast };
}

function pictureCache(size: number, orientation: ModelSettings['IMAGE_ORIENTATION'], store: PictureStore | undefined) {
  return new PictureCache((bytes, signal) => toPixels(bytes, size, { signal, orientation }), store);
}

const explainerLimits = ({ MAX_BATCH, REQUEST_TIMEOUT_MS }: ModelSettings, engines: number) => ({
  engines,
  maxWaiting: MAX_BATCH,
  longestMs: REQUEST_TIMEOUT_MS,
});

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
