import { setMaxListeners } from 'node:events';
import { UserError } from '../../model/errors.ts';
import { PixelsError } from '../../model/input/pixels/pixels.ts';
import { isBlank } from '../../model/input/tokens.ts';
import type { ModelPackage } from '../../model/package/open-package.ts';
import { paddedLength } from '../../model/package/padded-length.ts';
import type { AnswerCache } from './answer-cache.ts';
import { toAnswer, type Answer } from './answer.ts';
import type { Batcher } from './batching/batcher.ts';
import { InputError, type InputProblem } from './errors.ts';
import type { Label } from './labels.ts';
import { timed, type InferenceObserver, type StageObserver, type Stage } from './observer.ts';
import type { Picture, PictureCache } from './picture-cache.ts';
import type { ModelInfo, Predictor, PredictRequest, Question, RequestContext } from './predictor.ts';
import type { EncodedTexts } from './prompt-encoder.ts';

/** One picture and one text, preprocessed: what the batcher queues. */
export interface PredictItem {
  readonly pixels: Uint8Array;
  /** Equal for equal image files only; undefined if nothing about the picture is to be kept. */
  readonly pictureKey: string | undefined;
  readonly inputIds: readonly number[];
  readonly observer: StageObserver | undefined;
}

/** A row of the engine's output. */
export interface PredictOutput {
  readonly probabilities: Float32Array;
  readonly logScores: Float32Array;
}

/** Converts a hypothesis and a premise, which may be blank, to the encoder's input ids. */
type Encode = (hypothesis: string, premise: string | undefined) => EncodedTexts;

export interface PredictorParts {
  readonly modelPackage: ModelPackage;
  readonly labels: readonly Label[];
  readonly encode: Encode;
  readonly pictures: PictureCache;
  /** Undefined to compute every answer. */
  readonly answers?: AnswerCache | undefined;
  readonly batcher: Batcher<PredictItem, PredictOutput>;
  readonly observer?: InferenceObserver | undefined;
}

/** One text about one picture, on its way to its answer. */
interface Pending {
  readonly pictureKey: string;
  readonly inputIds: readonly number[];
  /** Its answer, if that is known already. */
  readonly known: Answer | undefined;
  /** Undefined if all answers about the picture are known. */
  readonly pixels?: Uint8Array;
}

/** Tokenizes and preprocesses a request, submits its items to the batcher and turns the outputs into answers. */
export class BatchingPredictor implements Predictor {
  readonly model: ModelInfo;
  readonly #parts: PredictorParts;

  constructor(parts: PredictorParts) {
    const { manifest, digest } = parts.modelPackage;
    this.#parts = parts;
    this.model = {
      name: manifest.name,
      precision: manifest.precision,
      knows: manifest.knows,
      digest: digest.slice(0, 12),
      labels: parts.labels.map(({ name }) => name),
      imageSize: manifest.image.size,
    };
  }

  predict(request: PredictRequest): Promise<Answer[]> {
    return this.predictAll([request], request);
  }

  async predictAll(questions: readonly Question[], context: RequestContext): Promise<Answer[]> {
    context.signal.throwIfAborted();
    // Tokens first: they are cheap, and an empty text fails before an image is decoded.
    const encoded = await this.#timed('tokenize', context, () => this.#encodeAll(questions, context));
    // Aborts the other pictures and items once one has failed, because then the request fails.
    const siblings = new AbortController();
    const signal = AbortSignal.any([context.signal, siblings.signal]);
    // Each picture and each item adds a listener.
    setMaxListeners(0, signal);
    const isOnePicture = questions.every(({ image }) => image === questions[0]?.image);
    const pictures = questions.map(({ image }, index) =>
      this.#timed('preprocess', context, () => this.#prepare(image, encoded[index] ?? [], signal)).catch(
        (error: unknown) => {
          throw isOnePicture ? error : withPlace(error, index);
        },
      ),
    );
    try {
      const pending = (await Promise.all(pictures)).flatMap(({ pending: each }) => each);
      return await this.#answer(pending, { ...context, signal });
    } catch (error) {
      siblings.abort(error);
      throw error;
    } finally {
      // Including those that are decoded only after another one has failed.
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

  async preprocess(image: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const key = await this.#parts.pictures.keyOf(image, signal);
    const { pixels, release } = await this.#decode(key, image, signal);
    const copy = pixels.slice();
    release();
    return copy;
  }

  /** Decodes a picture, unless all answers about it are known. @returns what is pending for each text, in order */
  async #prepare(
    image: Uint8Array,
    texts: readonly (readonly number[])[],
    signal: AbortSignal,
  ): Promise<{ pending: Pending[]; release: () => void }> {
    const { pictures, answers, observer } = this.#parts;
    const pictureKey = await pictures.keyOf(image, signal);
    const pending = texts.map((inputIds) => ({ pictureKey, inputIds, known: answers?.get(pictureKey, inputIds) }));
    const hits = pending.filter(({ known }) => known !== undefined).length;
    if (answers !== undefined) observer?.lookups('answers', hits, pending.length - hits);
    if (hits === pending.length) return { pending, release: () => undefined };
    const { pixels, release } = await this.#decode(pictureKey, image, signal);
    return { pending: pending.map((text) => ({ ...text, pixels })), release };
  }

  #decode(key: string, image: Uint8Array, signal: AbortSignal): Promise<Picture> {
    return this.#parts.pictures.get(key, image, signal).catch((error: unknown) => {
      throw asInputError(error);
    });
  }

  #encodeAll(questions: readonly Question[], { onWarning }: RequestContext): (readonly number[])[][] {
    const isOneText = questions.flatMap(({ hypotheses }) => hypotheses).length === 1;
    let index = 0;
    return questions.map(({ hypotheses, premise }) =>
      hypotheses.map((hypothesis) => {
        const { ids, warnings } = this.#encode(hypothesis, premise, isOneText ? 'The text' : `Text ${index + 1}`);
        for (const warning of warnings) onWarning?.(warning, index);
        index++;
        return ids;
      }),
    );
  }

  /** @param which the hypothesis, as an error names it */
  #encode(hypothesis: string, premise: string | undefined, which: string): ReturnType<Encode> {
    if (isBlank(hypothesis)) throw new InputError('text-empty', 'text', `${which} contains no words to judge.`);
    try {
      return this.#parts.encode(hypothesis, premise);
    } catch (error) {
      throw asInputError(error);
    }
  }

  /** Computes what is not known yet. @returns an answer for each text, in order */
  async #answer(pending: readonly Pending[], context: RequestContext): Promise<Answer[]> {
    const { answers, labels, observer } = this.#parts;
    const items = pending.flatMap(({ known, pixels, pictureKey, inputIds }) =>
      known !== undefined || pixels === undefined ? [] : [{ pixels, pictureKey, inputIds, observer: context.observer }],
    );
    const computed = await this.#compute(items, context);
    for (const [index, { pictureKey, inputIds }] of items.entries()) {
      const answer = computed[index];
      if (answer !== undefined) answers?.set(pictureKey, inputIds, answer);
    }
    const rest = computed.values();
    return pending.map(({ known }) => {
      const answer = known ?? rest.next().value;
      if (answer === undefined) throw new Error('the engine answered too few items');
      if (context.isUncounted !== true) countAnswer(answer, labels, observer);
      return answer;
    });
  }

  async #compute(items: readonly PredictItem[], context: RequestContext): Promise<Answer[]> {
    if (items.length === 0) return [];
    const { batcher, modelPackage, labels } = this.#parts;
    const { lengths } = modelPackage.manifest.text;
    const padded = items.map((item) => ({ item, length: paddedLength(lengths, item.inputIds.length) }));
    const report = (stage: Stage): void => {
      this.#report(context, stage);
    };
    const outputs = await Promise.all(batcher.submit(padded, context.signal, report));
    return outputs.map(({ probabilities, logScores }) =>
      toAnswer(this.model.labels, inOrder(probabilities, labels), inOrder(logScores, labels)),
    );
  }

  #timed<T>(name: Stage['name'], context: RequestContext, work: () => T | Promise<T>): Promise<T> {
    return timed(
      name,
      (stage) => {
        this.#report(context, stage);
      },
      work,
    );
  }

  #report(context: RequestContext, stage: Stage): void {
    context.observer?.stage(stage);
    this.#parts.observer?.stage(stage);
  }
}

/** Counts an answer that is given. Metrics keep the model's own words. */
export function countAnswer(answer: Answer, labels: readonly Label[], observer: InferenceObserver | undefined): void {
  observer?.answer(labels[answer.result]?.answer ?? '');
}

/** A row of the engine's output in the order of the labels. */
function inOrder(row: Float32Array, labels: readonly Label[]): Float32Array {
  return Float32Array.from(labels, ({ column }) => row[column] ?? 0);
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

/** Says which of several pictures an error is about. */
function withPlace(error: unknown, index: number): unknown {
  if (!(error instanceof InputError)) return error;
  return new InputError(error.problem, error.field, `Image ${index + 1}: ${error.message}`);
}
