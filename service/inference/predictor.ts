import { setMaxListeners } from 'node:events';
import { UserError } from '../../model/errors.ts';
import type { ModelPackage } from '../../model/package/open-package.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { paddedLength } from '../engine/session/self-test.ts';
import { toAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Batcher } from './batching/batcher.ts';
import { InputError } from './errors.ts';
import type { InputProblem } from './errors.ts';
import { timed, type InferenceObserver, type RequestObserver, type Stage } from './observer.ts';
import type { Picture, PictureCache } from './picture-cache.ts';
import { PixelsError } from '../../model/input/pixels/pixels.ts';
import { clean } from '../../model/input/tokens.ts';

/** One picture and the hypotheses about it. */
export interface Question {
  /** An image file's bytes. */
  readonly image: Uint8Array;
  readonly hypotheses: readonly string[];
  /** A text given as true; blank counts as none. */
  readonly premise?: string | undefined;
}

/** Who asks, and for how long. */
export interface Asker {
  /** Ends the work; its reason is what `predict` rejects with. */
  readonly signal: AbortSignal;
  readonly observer?: RequestObserver | undefined;
}

/** A request with one question. */
export type PredictRequest = Question & Asker;

/** Which model answers. */
export interface ModelInfo {
  readonly name: string;
  readonly precision: Manifest['precision'];
  /** SHA-256 of the package's manifest, its first 12 hexadecimal digits. */
  readonly digest: string;
  readonly answers: readonly string[];
  /** Side of the square picture that the model sees, in pixels. */
  readonly imageSize: number;
}

/** Judges hypotheses about pictures. Knows nothing of how requests arrive. */
export interface Predictor {
  readonly model: ModelInfo;
  /**
   * @returns an answer for each hypothesis, in order
   * @throws InputError, EngineUnavailable, or the signal's reason
   */
  predict(request: PredictRequest): Promise<Answer[]>;
  /**
   * Judges several questions as one request: their items stand in the queue together, and if one cannot be judged none
   * is.
   *
   * @returns an answer for each hypothesis of each question, in order
   * @throws as `predict`
   */
  predictAll(questions: readonly Question[], asker: Asker): Promise<Answer[]>;
  /**
   * @returns the pixels that the model sees of an image file: imageSize * imageSize * 3 bytes, RGB
   * @throws InputError, or the signal's reason
   */
  see(image: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** An item as the engine takes it. */
export interface PredictItem {
  readonly pixels: Uint8Array;
  /** By which the same picture is known again. */
  readonly pictureKey: string;
  readonly inputIds: readonly number[];
  readonly observer: RequestObserver | undefined;
}

/** A row of the engine's output. */
export interface PredictOutput {
  readonly probabilities: Float32Array;
  readonly logScores: Float32Array;
}

/** Turns the cleaned texts into the encoder's input. */
export type Encode = (hypothesis: string, premise: string | undefined) => readonly number[];

export interface PredictorParts {
  readonly modelPackage: ModelPackage;
  readonly encode: Encode;
  readonly pictures: PictureCache;
  readonly batcher: Batcher<PredictItem, PredictOutput>;
  readonly observer?: InferenceObserver | undefined;
}

/** Joins pixels, tokens, batcher and engine. */
export class BatchingPredictor implements Predictor {
  readonly model: ModelInfo;
  readonly #parts: PredictorParts;

  constructor(parts: PredictorParts) {
    const { manifest, digest } = parts.modelPackage;
    this.#parts = parts;
    this.model = {
      name: manifest.name,
      precision: manifest.precision,
      digest: digest.slice(0, 12),
      answers: manifest.answers,
      imageSize: manifest.image.size,
    };
  }

  predict(request: PredictRequest): Promise<Answer[]> {
    return this.predictAll([request], request);
  }

  async predictAll(questions: readonly Question[], asker: Asker): Promise<Answer[]> {
    asker.signal.throwIfAborted();
    // Tokens first: they cost next to nothing, and a text without words needs no picture.
    const encoded = await this.#timed('tokenize', asker, () => questions.map((each) => this.#encode(each)));
    // One that fails fails the request: the others' work would be for nothing.
    const siblings = new AbortController();
    const signal = AbortSignal.any([asker.signal, siblings.signal]);
    // Each of the pictures and items listens.
    setMaxListeners(0, signal);
    const pictures = questions.map(({ image }) =>
      this.#timed('preprocess', asker, () => this.#get(image, signal)),
    );
    try {
      const items = (await Promise.all(pictures)).flatMap(({ pixels, key }, index) =>
        (encoded[index] ?? []).map((inputIds) => {
          return { pixels, pictureKey: key, inputIds, observer: asker.observer };
        }),
      );
      return await this.#compute(items, { ...asker, signal });
    } catch (error) {
      siblings.abort(error);
      throw error;
    } finally {
      // Also of those that came when another had failed.
      for (const picture of pictures) {
        picture.then(
          ({ release }) => {
            release();
          },
          () => undefined,
        );
      }
    }
  }

  async see(image: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { pixels, release } = await this.#get(image, signal);
    release();
    return pixels;
  }

  #get(image: Uint8Array, signal: AbortSignal): Promise<Picture> {
    return this.#parts.pictures.get(image, signal).catch((error: unknown) => {
      throw asInputError(error);
    });
  }

  #encode(question: Question): (readonly number[])[] {
    const premise = isBlank(question.premise) ? undefined : question.premise;
    return question.hypotheses.map((hypothesis, index) => {
      if (isBlank(hypothesis)) {
        const which = question.hypotheses.length === 1 ? 'The text' : `Text ${index + 1}`;
        throw new InputError('text-empty', 'text', `${which} holds no words to judge.`);
      }
      try {
        return this.#parts.encode(hypothesis, premise);
      } catch (error) {
        throw asInputError(error);
      }
    });
  }

  async #compute(items: readonly PredictItem[], asker: Asker): Promise<Answer[]> {
    const { batcher, modelPackage, observer } = this.#parts;
    const { lengths } = modelPackage.manifest.text;
    const padded = items.map((item) => ({ item, length: paddedLength(lengths, item.inputIds.length) }));
    const tell = (stage: Stage): void => {
      this.#report(asker, stage);
    };
    const outputs = await Promise.all(batcher.submit(padded, asker.signal, tell));
    return outputs.map(({ probabilities, logScores }) => {
      const answer = toAnswer(this.model.answers, probabilities, logScores);
      observer?.answer(answer.label);
      return answer;
    });
  }

  #timed<T>(name: Stage['name'], asker: Asker, work: () => T | Promise<T>): Promise<T> {
    return timed(
      name,
      (stage) => {
        this.#report(asker, stage);
      },
      work,
    );
  }

  #report(asker: Asker, stage: Stage): void {
    asker.observer?.stage(stage);
    this.#parts.observer?.stage(stage);
  }
}

/** Whether cleaning leaves nothing to judge. */
function isBlank(text: string | undefined): boolean {
  return text === undefined || !/\S/.test(clean(text, 1).text);
}

const PROBLEM_OF: Record<PixelsError['code'], InputProblem> = {
  unsupported: 'image-unsupported',
  corrupt: 'image-corrupt',
  'too-large': 'image-too-large',
};

function asInputError(error: unknown): unknown {
  if (error instanceof PixelsError) {
    return new InputError(PROBLEM_OF[error.code], 'image', error.message);
  }
  if (error instanceof UserError) {
    return new InputError('premise-unsupported', 'premise', error.message);
  }
  return error;
}
