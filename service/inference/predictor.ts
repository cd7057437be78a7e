import type { TextWarning } from '../../model/input/text-warnings.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import type { Answer } from './answer.ts';
import type { StageObserver } from './observer.ts';

export type { TextWarning };

/** One picture and the hypotheses about it. */
export interface Question {
  /** An image file's bytes. */
  readonly image: Uint8Array;
  readonly hypotheses: readonly string[];
  /** A text assumed to be true; blank counts as none. */
  readonly premise?: string | undefined;
}

/** What belongs to the request rather than to its questions. */
export interface RequestContext {
  /** Aborts the work; `predict` rejects with its reason. */
  readonly signal: AbortSignal;
  readonly observer?: StageObserver | undefined;
  /** Called with each warning about a text; `index` is that of its hypothesis, among those of all questions. */
  readonly onWarning?: (warning: TextWarning, index: number) => void;
  /** Set if the caller may not give the answers: it counts those that it gives itself. */
  readonly isUncounted?: true;
}

/** A request with one question. */
export type PredictRequest = Question & RequestContext;

/** The model that answers. */
export interface ModelInfo {
  readonly name: string;
  readonly precision: Manifest['precision'];
  /** What the model was trained for, as a sentence, if its package says so. */
  readonly knows?: string | undefined;
  /** First 12 hexadecimal digits of the SHA-256 of the package's manifest. */
  readonly digest: string;
  /** The labels, as the setting LABELS names and orders them. */
  readonly labels: readonly string[];
  /** Side of the model's square input image, in pixels. */
  readonly imageSize: number;
}

/** Judges hypotheses about pictures; independent of how requests arrive. */
export interface Predictor {
  readonly model: ModelInfo;
  /**
   * @returns an answer for each hypothesis, in order
   * @throws InputError, EngineUnavailable, or the signal's reason
   */
  predict(request: PredictRequest): Promise<Answer[]>;
  /**
   * Judges several questions as one request: their items are queued together, and if one fails the request fails.
   *
   * @returns an answer for each hypothesis of each question, in order
   * @throws as `predict`
   */
  predictAll(questions: readonly Question[], context: RequestContext): Promise<Answer[]>;
  /**
   * Decodes and resizes an image file as for a prediction.
   *
   * @returns imageSize * imageSize * 3 bytes: rows from top to bottom, RGB
   * @throws InputError, or the signal's reason
   */
  preprocess(image: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}
