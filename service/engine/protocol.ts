/**
 * The messages between the service and its engine process. Both ship together, so there is no version.
 * The channel uses `serialization: 'advanced'`, which transfers typed arrays as bytes.
 */

import type { ModelPackage } from '../../model/package/open-package.ts';
import type { PackageStamp } from '../../model/package/verify-package.ts';

/** A batch of items, all padded to the same length. */
export interface EngineBatch {
  /** Distinct pictures; several items may refer to one. */
  readonly images: readonly EngineImage[];
  /**
   * A name for each image, the same for the same pixels only: the engine keeps the features of named images, and not
   * those of images whose name is undefined.
   */
  readonly keys?: readonly (string | undefined)[];
  readonly items: readonly {
    /** Index into {@link EngineBatch.images}. */
    readonly image: number;
    /** Encoder input, `<s>` and `</s>` included. */
    readonly inputIds: readonly number[];
  }[];
  /** Tokens to which the engine pads every item on the right; no item is longer. */
  readonly length: number;
}

/** RGB uint8 of size * size * 3 bytes, or the offset of these bytes in the service's PictureStore. */
export type EngineImage = Uint8Array | { readonly offset: number };

/** The output of one run: a row for each of B items, in their order, with a column for each of A answers. */
export interface EngineOutput {
  /** float32 [B, A], row-major. */
  readonly probabilities: Float32Array;
  /** float32 [B, A], natural logarithms. */
  readonly logScores: Float32Array;
  /** How many images of the batch had features kept from an earlier run; absent if none are ever kept. */
  readonly reusedImages?: number;
}

/** Where a session runs. */
export type Provider = 'cpu' | 'cuda';

export interface LoadOptions {
  /** The package as the service has read it. */
  readonly modelPackage: ModelPackage;
  readonly device: Provider;
  /** Why `auto` fell back to the CPU, if it did; returned in {@link EngineInfo}. */
  readonly fallback?: string;
  /** Threads of a CPU session. */
  readonly threads: number;
  readonly maxBatch: number;
  /** Most bytes of image features to keep. @default 0, which keeps none */
  readonly cacheBytes?: number;
}

/** What an engine reports when it is ready. */
export interface EngineInfo {
  readonly provider: Provider;
  /** Why `auto` fell back to the CPU, if it did. */
  readonly fallback?: string;
  readonly loadMs: number;
  readonly warmupMs: number;
  /** Largest absolute difference from an expected probability in the self-test. */
  readonly selfTestDeviation: number;
  /** Time of a run with one item in the self-test, in milliseconds. */
  readonly itemMs: number;
}

/** The stage at which an engine failed to become ready. */
export type StartFailure = 'load' | 'warm-up' | 'self-test';

export type ToEngine =
  | { readonly type: 'load'; readonly options: LoadOptions }
  | { readonly type: 'run'; readonly id: number; readonly batch: EngineBatch };

export type FromEngine =
  /** `stamp` is that of the files which the engine loaded. */
  | { readonly type: 'ready'; readonly info: EngineInfo; readonly stamp: PackageStamp }
  | { readonly type: 'unable'; readonly stage: StartFailure; readonly message: string }
  | { readonly type: 'output'; readonly id: number; readonly output: EngineOutput }
  | { readonly type: 'error'; readonly id: number; readonly message: string };
