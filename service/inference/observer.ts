/** The measured stages of a request. */
export type StageName = 'read' | 'tokenize' | 'preprocess' | 'queue' | 'inference';

/** One stage of a request. Times are in milliseconds of `performance.now()`. */
export interface Stage {
  readonly name: StageName;
  readonly startMs: number;
  readonly endMs: number;
  /** Set if the stage failed or was aborted. */
  readonly failed?: true;
  /** Items of the run, in the stage `inference`. */
  readonly items?: number;
}

/** Receives one request's stages as they end, for its log line and its trace. */
export interface StageObserver {
  stage(stage: Stage): void;
}

/** One run of the engine, with the requests whose items it computed. */
export interface BatchRecord {
  readonly startMs: number;
  readonly endMs: number;
  readonly items: number;
  /** Number of distinct pictures among the items. */
  readonly pictures: number;
  /** Tokens to which the items were padded. */
  readonly length: number;
  readonly failed: boolean;
  readonly requests: readonly StageObserver[];
}

/** What is kept from earlier requests. */
export type CacheName = 'answers' | 'features';

/** Receives the stages, batches and answers of all requests, for metrics. */
export interface InferenceObserver {
  stage(stage: Stage): void;
  batch(batch: BatchRecord): void;
  /** @param answer the model's own word for it, whatever the setting LABELS calls it */
  answer(answer: string): void;
  /** Lookups in a cache, of answers to items or of the features of a batch's pictures. */
  lookups(cache: CacheName, hits: number, misses: number): void;
}

/** Does some work and reports it as a stage when it ends, whether it succeeded or not. */
export async function timed<T>(
  name: StageName,
  report: (stage: Stage) => void,
  work: () => T | Promise<T>,
): Promise<T> {
  const startMs = performance.now();
  const stage = (): Stage => ({ name, startMs, endMs: performance.now() });
  try {
    const result = await work();
    report(stage());
    return result;
  } catch (error) {
    report({ ...stage(), failed: true });
    throw error;
  }
}
