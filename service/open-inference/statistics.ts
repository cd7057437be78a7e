import type { BatchRecord, Stage } from '../inference/observer.ts';
import type { ModelInfo } from '../inference/predictor.ts';
import type { Duration, StatisticsOfModel } from './management-schema.ts';
import { MODEL_VERSION } from './model.ts';

/** Triton's names of what is counted. */
type DurationName = Exclude<keyof StatisticsOfModel['inference_stats'], 'cache_hit' | 'cache_miss'>;

const none = (): Duration => ({ count: 0, ns: 0 });

function add(duration: Duration, ms: number, count = 1): void {
  duration.count += count;
  duration.ns += Math.round(ms * 1e6);
}

/** Counts what Triton's statistics extension reports, from the start of the service. */
export class ModelStatistics {
  readonly #durations: Record<DurationName, Duration> = {
    success: none(),
    fail: none(),
    queue: none(),
    compute_input: none(),
    compute_infer: none(),
    // The engine's output is the answer.
    compute_output: none(),
  };
  readonly #runs = new Map<number, Duration>();
  #items = 0;
  #lastMs = 0;

  /** Counts a request whose questions were accepted, with the time from its arrival to its answer. */
  request(isAnswered: boolean, ms: number): void {
    add(this.#durations[isAnswered ? 'success' : 'fail'], ms);
    this.#lastMs = Date.now();
  }

  /** Counts a stage of an item, or of a request's texts. */
  stage({ name, startMs, endMs, failed }: Stage): void {
    const ms = endMs - startMs;
    const { queue, compute_input: input, compute_infer: infer } = this.#durations;
    if (failed === true) return;
    if (name === 'queue') add(queue, ms);
    else if (name === 'inference') add(infer, ms);
    else if (name === 'preprocess') add(input, ms);
    // A request's texts are part of the input of its pictures.
    else if (name === 'tokenize') add(input, ms, 0);
  }

  /** Counts a run of an engine. */
  batch({ items, startMs, endMs, failed }: BatchRecord): void {
    if (failed) return;
    this.#items += items;
    const runs = this.#runs.get(items) ?? none();
    this.#runs.set(items, runs);
    add(runs, endMs - startMs);
  }

  of({ name }: ModelInfo): StatisticsOfModel {
    const runs = [...this.#runs].sort(([a], [b]) => a - b);
    return {
      name,
      version: MODEL_VERSION,
      last_inference: this.#lastMs,
      inference_count: this.#items,
      execution_count: runs.reduce((sum, [, { count }]) => sum + count, 0),
      inference_stats: { ...this.#durations, cache_hit: none(), cache_miss: none() },
      batch_stats: runs.map(([batch_size, infer]) => ({
        batch_size,
        compute_input: none(),
        compute_infer: infer,
        compute_output: none(),
      })),
    };
  }
}
