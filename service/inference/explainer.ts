import { paddedLength } from '../../model/package/padded-length.ts';
import type { Answer } from './answer.ts';
import { InputError, Overloaded } from './errors.ts';
import { coverWindow, heatmapOf, meanColour, WINDOWS, type Heatmap } from './occlusion.ts';
import { countAnswer, type PredictorParts } from './batching-predictor.ts';
import type { Stage } from './observer.ts';
import type { Predictor, RequestContext } from './predictor.ts';

/** Windows of one heatmap in the batcher at a time: other requests wait for no more than these. */
const WINDOWS_AT_ONCE = 4;

/** An answer and what decides it. */
export interface Explained {
  readonly answer: Answer;
  readonly heatmap: Heatmap;
}

/** One hypothesis about a picture. */
export interface ExplainRequest extends RequestContext {
  readonly image: Uint8Array;
  readonly hypothesis: string;
  readonly premise?: string | undefined;
}

export interface ExplainerOptions {
  /** How many there are: as many heatmaps are made at a time. */
  readonly engines: number;
  /** Most items that may wait for an engine when a heatmap begins. */
  readonly maxWaiting: number;
  /** Longest time of a heatmap in milliseconds; one that would take longer is given up at once. @default no limit */
  readonly longestMs?: number;
}

/**
 * Explains answers by occlusion: covers one window of the picture after another and records how much the answer's
 * probability falls. The windows go through the batcher as items of a request of their own, a few at a time, so that in
 * its round robin a heatmap counts as one request among the others.
 */
export class Explainer {
  readonly #predictor: Predictor;
  readonly #parts: Pick<PredictorParts, 'modelPackage' | 'labels' | 'encode' | 'batcher' | 'observer'>;
  readonly #options: ExplainerOptions;
  #running = 0;
  /** Duration of the latest heatmap for which no engine was lost. */
  #latestMs = 1000;

  constructor(
    predictor: Predictor,
    parts: Pick<PredictorParts, 'modelPackage' | 'labels' | 'encode' | 'batcher' | 'observer'>,
    options: ExplainerOptions,
  ) {
    this.#predictor = predictor;
    this.#parts = parts;
    this.#options = options;
  }

  /**
   * Judges a hypothesis and explains the answer.
   *
   * @throws Overloaded `explanations` if too many heatmaps are in progress or the engines are busy; InputError
   *   `too-slow` if the heatmap would take too long even without other requests; and what `predict` throws
   */
  async explain(request: ExplainRequest): Promise<Explained> {
    const { engines, maxWaiting } = this.#options;
    if (this.#running >= engines || this.#parts.batcher.waiting > maxWaiting) {
      throw this.#overloaded();
    }
    this.#running++;
    // Withdraws the other windows once one has failed, because then the heatmap fails.
    const siblings = new AbortController();
    const signal = AbortSignal.any([request.signal, siblings.signal]);
    try {
      const { image, hypothesis } = request;
      // At the same time, so that the picture is decoded once.
      const [pixels, [answer]] = await Promise.all([
        this.#predictor.preprocess(image, signal),
        this.#predictor.predict({ ...request, hypotheses: [hypothesis], signal, isUncounted: true }),
      ]);
      if (answer === undefined) throw new Error('the predictor gave no answer');
      const heatmap = await this.#heatmap({ ...request, signal }, pixels, answer);
      countAnswer(answer, this.#parts.labels, this.#parts.observer);
      return { answer, heatmap };
    } catch (error) {
      siblings.abort(error);
      throw error;
    } finally {
      this.#running--;
    }
  }

  async #heatmap(
    { hypothesis, premise, signal }: ExplainRequest,
    pixels: Uint8Array,
    answer: Answer,
  ): Promise<Heatmap> {
    const { modelPackage, labels, encode, batcher } = this.#parts;
    const { image, text } = modelPackage.manifest;
    const inputIds = encode(hypothesis, premise).ids;
    const length = paddedLength(text.lengths, inputIds.length);
    const column = labels[answer.result]?.column ?? 0;
    const fill = meanColour(pixels);
    const startMs = performance.now();
    const falls: number[] = [];
    const runs: Stage[] = [];
    const report = (stage: Stage): void => {
      if (stage.name === 'inference') runs.push(stage);
    };
    while (falls.length < WINDOWS) {
      const count = Math.min(WINDOWS_AT_ONCE, WINDOWS - falls.length);
      const items = Array.from({ length: count }, (_, index) => {
        const covered = coverWindow(pixels, image.size, falls.length + index, fill);
        return { item: { pixels: covered, pictureKey: undefined, inputIds, observer: undefined }, length };
      });
      const outputs = await Promise.all(batcher.submit(items, signal, report));
      falls.push(...outputs.map(({ probabilities }) => answer.confidence - (probabilities[column] ?? 0)));
      // The time until an engine is replaced says nothing about how long a heatmap takes.
      if (runs.some(({ failed }) => failed === true)) continue;
      this.#latestMs = (performance.now() - startMs) * (WINDOWS / falls.length);
      this.#checkTime(runs);
    }
    return heatmapOf(falls);
  }

  #overloaded(): Overloaded {
    const { longestMs = Infinity } = this.#options;
    return new Overloaded('explanations', Math.ceil(Math.min(this.#latestMs, longestMs) / 1000));
  }

  /** Gives the heatmap up if it would take too long. @param runs those of its windows so far */
  #checkTime(runs: readonly Stage[]): void {
    const { longestMs = Infinity } = this.#options;
    if (this.#latestMs <= longestMs) return;
    const aloneMs = this.#aloneMs(runs);
    // Others' items slow it down, whether they wait or are computed at the same time.
    if (aloneMs <= longestMs) throw this.#overloaded();
    const seconds = Math.ceil(aloneMs / 1000);
    throw new InputError(
      'too-slow',
      'explain',
      `An explanation would take about ${seconds} s here, more than the limit of ${longestMs / 1000} s; leave out "explain".`,
    );
  }

  /** How long a heatmap takes that has the engines to itself, by its windows' share of the fastest of their runs. */
  #aloneMs(runs: readonly Stage[]): number {
    const windowMs = Math.min(...runs.map(({ startMs, endMs, items = 1 }) => (endMs - startMs) / items));
    const windowsOfEach = Math.ceil(WINDOWS_AT_ONCE / this.#options.engines);
    return (WINDOWS / WINDOWS_AT_ONCE) * windowsOfEach * windowMs;
  }
}
