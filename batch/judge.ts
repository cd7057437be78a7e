import type { OpenModel } from '../service/inference/open-model.ts';
import { EngineUnavailable } from '../service/inference/errors.ts';
import type { TextWarning } from '../service/inference/predictor.ts';
import { summarizeTextWarnings } from '../service/requests/text-warnings.ts';
import { UserError } from '../model/errors.ts';
import type { ImageLoader } from './images/image-loader.ts';
import { questionOf, type Row } from './input/row.ts';
import type { Outcome } from './output/outcome.ts';
import { toRowError } from './row-error.ts';

/** Answers rows with a model, as the service would answer requests. */
export class Judge {
  readonly #model: OpenModel;
  readonly #images: ImageLoader;

  constructor(model: OpenModel, images: ImageLoader) {
    this.#model = model;
    this.#images = images;
  }

  /**
   * @returns the row's answers, or why it has none
   * @throws UserError `engine-failed` if no engine is left, `network-unreachable` if the images cannot be reached now; the
   *   signal's reason
   */
  async judge(row: Row, signal: AbortSignal): Promise<Outcome> {
    try {
      return await this.#answer(row, signal);
    } catch (error) {
      signal.throwIfAborted();
      // A service that does not answer is no fault of the row.
      if (error instanceof UserError) throw error;
      const { pool } = this.#model;
      if (error instanceof EngineUnavailable && pool.state.phase === 'failed' && !pool.isReady) {
        const { message } = pool.state.failure;
        throw new UserError('engine-failed', `The engine failed: ${message}.`, { cause: error });
      }
      return { error: toRowError(error) };
    }
  }

  async #answer(row: Row, signal: AbortSignal): Promise<Outcome> {
    const { image, isList, ...question } = questionOf(row);
    const { bytes, release } = await this.#images.load(row.picture ?? image, signal);
    try {
      const warnings: (TextWarning & { index: number })[] = [];
      const onWarning = (warning: TextWarning, index: number): void => {
        warnings.push({ ...warning, index });
      };
      const answers = await this.#model.predictor.predict({ ...question, image: bytes, signal, onWarning });
      return { answers, isList, warnings: summarizeTextWarnings(warnings, answers.length) };
    } finally {
      release();
    }
  }
}
