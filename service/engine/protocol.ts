/**
 * What the service and its engine process say to each other. Both ends ship together, so there is no version.
 * Messages travel with `serialization: 'advanced'`: typed arrays cross as bytes.
 */

/** A batch as it goes to the engine. Its items share one length, to which the engine pads them. */
export interface EngineBatch {
  /** Distinct pictures; several items may point at one. */
  readonly images: readonly EngineImage[];
  readonly items: readonly EngineItem[];
  /** Tokens to which every item is padded on the right; no item is longer. */
  readonly length: number;
}

/** RGB uint8 size * size * 3, or where they begin in the file of pictures that both sides have open. */
export type EngineImage = Uint8Array | { readonly offset: number };

export interface EngineItem {
  /** Index into {@link EngineBatch.images}. */
  readonly image: number;
  /** Encoder input, `<s>` and `</s>` included. */
  readonly inputIds: readonly number[];
}

/** What one run gives: a row of A answers for each item, in the items' order. */
export interface EngineOutput {
  /** float32 [B, A], row by row. */
  readonly probabilities: Float32Array;
  /** float32 [B, A], natural logarithms. */
  readonly logScores: Float32Array;
}

/** Where a model can be asked to run. */
export type Device = 'auto' | 'cpu' | 'cuda';
/** Where a session runs. */
export type Provider = 'cpu' | 'cuda';

export interface LoadOptions {
  /** Folder of the model package. */
  readonly packageDir: string;
  readonly device: Provider;
  /** Why it is the CPU, where `auto` was asked for; told on with {@link EngineInfo}. */
  readonly fallback?: string;
  /** Threads of a CPU session. */
  readonly threads: number;
  readonly maxBatch: number;
}

/** What an engine tells of itself once it is ready. */
export interface EngineInfo {
  readonly provider: Provider;
  /** Why `auto` did not take CUDA, if it did not. */
  readonly fallback?: string;
  readonly loadMs: number;
  readonly warmupMs: number;
  /** Largest absolute difference from an expected probability in the self-test. */
  readonly selfTestDeviation: number;
  /** Milliseconds that a run of one item took in the self-test. */
  readonly itemMs: number;
}

/** Why an engine did not become ready. */
export type StartFailure = 'load' | 'warm-up' | 'self-test';

export type ToEngine =
  | { readonly type: 'load'; readonly options: LoadOptions }
  | { readonly type: 'run'; readonly id: number; readonly batch: EngineBatch };

export type FromEngine =
  | { readonly type: 'ready'; readonly info: EngineInfo }
  | { readonly type: 'unable'; readonly stage: StartFailure; readonly message: string }
  | { readonly type: 'output'; readonly id: number; readonly output: EngineOutput }
  | { readonly type: 'error'; readonly id: number; readonly message: string };
