import { requireFunction, requireNumber, requireOptions, requireText, wrongType } from '../arguments.ts';
import type { Manifest } from '../package/manifest.ts';

/** Options of `compileCheckpoint`. */
export interface CompileOptions {
  /** Type of weights and activations. fp16 is for GPUs, int8 for CPUs. @default fp32 */
  readonly precision?: Manifest['precision'] | undefined;
  /**
   * Folder with pictures that show int8 the range of activations. @default the examples, or generated pictures if there
   * are none
   */
  readonly calibration?: string | undefined;
  /** Most tokens of a prompt, without `<s>` and `</s>`. @default the checkpoint's max_src_length */
  readonly maxTextTokens?: number | undefined;
  /** Name of the model in the manifest. @default see `modelName` */
  readonly name?: string | undefined;
  /** What the model was trained for, as one sentence for its users. @default `knows` of configuration.json, if any */
  readonly knows?: string | undefined;
  /** Folder with examples for the package. @default the checkpoint's folder `examples`, if it exists */
  readonly examples?: string | undefined;
  /** Whether to replace an existing package. @default false */
  readonly replace?: boolean | undefined;
  readonly onProgress?: ((progress: CompileProgress) => void) | undefined;
  /** Called with one sentence about what is out of the ordinary in the checkpoint. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * What the compiler is doing: calibrating int8, writing weights, hashing the checkpoint or running the self-test. In
 * shares, bytes or parts of the graph.
 */
export interface CompileProgress {
  readonly stage: 'calibration' | 'weights' | 'sums' | 'self-test';
  readonly done: number;
  readonly total: number;
}

const TEXTS = ['precision', 'calibration', 'name', 'knows', 'examples'] as const;
const CALLBACKS = ['onProgress', 'onNote'] as const;

/** @throws TypeError if a program in JavaScript passes something else than {@link CompileOptions} declares */
export function checkTypes(options: CompileOptions): void {
  requireOptions(options, [...TEXTS, 'maxTextTokens', 'replace', ...CALLBACKS]);
  const { maxTextTokens, replace }: { maxTextTokens?: unknown; replace?: unknown } = options;
  for (const name of TEXTS) if (options[name] !== undefined) requireText(name, options[name]);
  if (maxTextTokens !== undefined) requireNumber('maxTextTokens', maxTextTokens);
  if (replace !== undefined && typeof replace !== 'boolean') throw wrongType('replace', 'true or false', replace);
  for (const name of CALLBACKS) if (options[name] !== undefined) requireFunction(name, options[name]);
}
