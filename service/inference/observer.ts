/** The parts of a request's way that are measured. */
export type StageName = 'read' | 'tokenize' | 'preprocess' | 'queue' | 'inference';

/** A part of a request's way. Times are `performance.now()` milliseconds. */
export interface Stage {
  readonly name: StageName;
  readonly startMs: number;
  readonly endMs: number;
  /** It ended without what it was for: it failed, or was given up. */
  readonly failed?: true;
}

/** Hears of one request's stages as they end: for its log line and its trace. */
export interface RequestObserver {
  stage(stage: Stage): void;
}

/** One run of the engine, with the requests whose items were in it. */
export interface BatchRecord {
  readonly startMs: number;
  readonly endMs: number;
  /** Items, and distinct pictures among them. */
  readonly items: number;
  readonly pictures: number;
  /** Tokens to which the items were padded. */
  readonly length: number;
  readonly failed: boolean;
  readonly requests: readonly RequestObserver[];
}

/** Hears of everything: for metrics. */
export interface InferenceObserver {
  stage(stage: Stage): void;
  batch(batch: BatchRecord): void;
  answer(label: string): void;
}

/** Does some work, and reports it as a stage when it has ended, well or not. */
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
