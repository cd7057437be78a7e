import { setMaxListeners } from 'node:events';
import { UserError } from '../../model/errors.ts';
import type { ModelPackage } from '../../model/open-package.ts';
import type { Manifest } from '../../model/package.ts';
import { paddedLength } from '../engine/self-test.ts';
import { toAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import type { Batcher, ItemTimes } from './batcher.ts';
import { InputError } from './errors.ts';
import type { InputProblem } from './errors.ts';
import type { InferenceObserver, RequestObserver, Stage } from './observer.ts';
import type { Picture, PictureCache } from './picture-cache.ts';
import { PixelsError } from './pixels.ts';
import { clean } from './tokens.ts';

/** One picture and the hypotheses about it. */
export interface PredictRequest {
  /** An image file's bytes. */
  readonly image: Uint8Array;
  readonly hypotheses: readonly string[];
  /** A text given as true; blank counts as none. */
  readonly premise?: string | undefined;
  /** Ends the work; its reason is what `predict` rejects with. */
  readonly signal: AbortSignal;
  readonly observer?: RequestObserver | undefined;
}

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
   * @returns the pixels that the model sees of an image file: imageSize * imageSize * 3 bytes, RGB
   * @throws InputError, or the signal's reason
   */
  see(image: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** An item as the engine takes it. */
export interface PredictItem {
  readonly pixels: Uint8Array;
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

  async predict(request: PredictRequest): Promise<Answer[]> {
    request.signal.throwIfAborted();
    // Tokens first: they cost next to nothing, and a text without words needs no picture.
    const encoded = this.#timed('tokenize', request, () => this.#encode(request));
    const startMs = performance.now();
    const picture = await this.#parts.pictures.get(request.image, request.signal).catch((error: unknown) => {
      throw asInputError(error);
    });
    this.#report(request, { name: 'preprocess', startMs, endMs: performance.now() });
    try {
      return await this.#compute(request, picture.pixels, encoded);
    } finally {
      picture.release();
    }
  }

  async see(image: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { pixels, release } = await this.#decode(image, signal);
    release();
    return pixels;
  }

  #decode(image: Uint8Array, signal: AbortSignal): Promise<Picture> {
    return this.#parts.pictures.get(image, signal).catch((error: unknown) => {
      throw asInputError(error);
    });
  }

  #encode(request: PredictRequest): (readonly number[])[] {
    const premise = isBlank(request.premise) ? undefined : request.premise;
    return request.hypotheses.map((hypothesis, index) => {
      if (isBlank(hypothesis)) {
        const which = request.hypotheses.length === 1 ? 'The text' : `Text ${index + 1}`;
        throw new InputError('text-empty', 'text', `${which} holds no words to judge.`);
      }
      try {
        return this.#parts.encode(hypothesis, premise);
      } catch (error) {
        throw asInputError(error);
      }
    });
  }

  async #compute(
    request: PredictRequest,
    pixels: Uint8Array,
    encoded: readonly (readonly number[])[],
  ): Promise<Answer[]> {
    const { batcher, modelPackage, observer } = this.#parts;
    const { lengths } = modelPackage.manifest.text;
    // One failed item fails the request: the others' work would be for nothing.
    const siblings = new AbortController();
    const signal = AbortSignal.any([request.signal, siblings.signal]);
    // Each of the items listens.
    setMaxListeners(0, signal);
    const items = encoded.map((inputIds) => ({
      item: { pixels, inputIds, observer: request.observer },
      length: paddedLength(lengths, inputIds.length),
    }));
    try {
      const settled = await Promise.all(batcher.submit(items, signal));
      this.#reportTimes(
        request,
        settled.map(({ times }) => times),
      );
      return settled.map(({ output }) => {
        const answer = toAnswer(this.model.answers, output.probabilities, output.logScores);
        observer?.answer(answer.label);
        return answer;
      });
    } catch (error) {
      siblings.abort(error);
      throw error;
    }
  }

  #reportTimes(request: PredictRequest, times: readonly ItemTimes[]): void {
    for (const { queuedMs, startedMs, endedMs } of times) {
      this.#report(request, { name: 'queue', startMs: queuedMs, endMs: startedMs });
      this.#report(request, { name: 'inference', startMs: startedMs, endMs: endedMs });
    }
  }

  #timed<T>(name: Stage['name'], request: PredictRequest, work: () => T): T {
    const startMs = performance.now();
    const result = work();
    this.#report(request, { name, startMs, endMs: performance.now() });
    return result;
  }

  #report(request: PredictRequest, stage: Stage): void {
    request.observer?.stage(stage);
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
