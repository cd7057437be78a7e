import { type Dtype, FLOATS } from '../checkpoint/dtype.ts';
import type { Weights } from '../checkpoint/weights.ts';
import { UserError } from '../../errors.ts';
import { elementCount } from '../shape.ts';

/** A tensor of the checkpoint with the expected shape. Values are float32, row-major. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array>;
  /** Reads rows `from` (included) to `to` (excluded) of the first dimension. */
  readonly readRows: (from: number, to: number) => Promise<Float32Array>;
}

/**
 * The checkpoint's tensors below a path, so that code and checkpoint names line up:
 * `parameters.at('encoder').at('layers', 0).get('fc1.weight', [ffn, d])`. Counts the elements of all tensors it
 * returns.
 */
export class Parameters {
  readonly #weights: Weights;
  readonly #prefix: string;
  readonly #taken: Map<string, number>;

  constructor(weights: Weights, prefix = '', taken = new Map<string, number>()) {
    this.#weights = weights;
    this.#prefix = prefix;
    this.#taken = taken;
  }

  at(...parts: readonly (string | number)[]): Parameters {
    return new Parameters(this.#weights, `${this.#prefix}${parts.join('.')}.`, this.#taken);
  }

  has(name: string): boolean {
    return this.#weights.tensors.has(this.#prefix + name);
  }

  /**
   * A tensor of exactly this shape, with floating-point values.
   *
   * @throws UserError if it is missing, has another shape or holds integers
   */
  get(name: string, shape: readonly number[]): Parameter {
    refuseIntegers(this.#prefix + name, this.#weights.tensors.get(this.#prefix + name)?.dtype);
    return this.getIndices(name, shape);
  }

  /**
   * A tensor of exactly this shape whose values are integers, whatever their type.
   *
   * @throws UserError if it is missing or has another shape
   */
  getIndices(name: string, shape: readonly number[]): Parameter {
    const found = this.shapeOf(name);
    if (found.length !== shape.length || found.some((dim, at) => dim !== shape[at])) {
      throw new UserError(
        'checkpoint-incomplete',
        `The checkpoint's tensor ${this.#prefix}${name} has shape [${found.join(', ')}], ` +
          `but its configuration requires [${shape.join(', ')}].`,
      );
    }
    return this.#parameter(this.#prefix + name, shape);
  }

  /**
   * The shape of a tensor whose sizes are not in the configuration.
   *
   * @throws UserError if there is no such tensor
   */
  shapeOf(name: string): readonly number[] {
    const info = this.#weights.tensors.get(this.#prefix + name);
    if (!info) {
      throw new UserError(
        'checkpoint-incomplete',
        `The checkpoint has no tensor ${this.#prefix}${name}, which its configuration requires.`,
      );
    }
    return info.shape;
  }

  /** How many different N occur in tensor names `name`.N.* below this path: the length of a list of modules. */
  count(name: string): number {
    const prefix = `${this.#prefix}${name}.`;
    const entries = new Set<string>();
    for (const key of this.#weights.tensors.keys()) {
      if (key.startsWith(prefix)) entries.add(key.slice(prefix.length).split('.', 1)[0] ?? '');
    }
    return entries.size;
  }

  /** Whether two tensors below this path are the same memory. */
  tied(a: string, b: string): boolean {
    const storage = (name: string): string | undefined => this.#weights.tensors.get(this.#prefix + name)?.storage;
    return storage(a) !== undefined && storage(a) === storage(b);
  }

  /** Elements of all tensors returned so far. Tied ones count once. */
  takenElements(): number {
    return [...this.#taken.values()].reduce((sum, count) => sum + count, 0);
  }

  #parameter(name: string, shape: readonly number[]): Parameter {
    this.#taken.set(this.#weights.tensors.get(name)?.storage ?? name, elementCount(shape));
    return {
      name,
      shape,
      read: async () => finite(name, await this.#weights.read(name)),
      readRows: async (from, to) => finite(name, await this.#weights.readRows(name, from, to)),
    };
  }
}

/**
 * Refuses integers where the model has weights: those of quantized checkpoints mean nothing without their scales, which
 * each tool keeps in tensors of its own.
 *
 * @param dtype undefined for a tensor that is missing
 * @throws UserError `checkpoint-unsupported`
 */
function refuseIntegers(name: string, dtype: Dtype | undefined): void {
  if (dtype === undefined || FLOATS.some((each) => each === dtype)) return;
  throw new UserError(
    'checkpoint-unsupported',
    `The checkpoint's tensor ${name} holds values of type ${dtype}, as in a quantized model; supported are ` +
      `${FLOATS.join(', ')}: compile the weights from before they were quantized.`,
  );
}

/**
 * @returns the values
 * @throws UserError `checkpoint-unreadable` if one is NaN or infinite: the self-test need not meet it, but some text would
 */
function finite(name: string, values: Float32Array): Float32Array {
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    throw new UserError(
      'checkpoint-unreadable',
      `The checkpoint's tensor ${name} holds ${value}: it is damaged, or its training diverged.`,
    );
  }
  return values;
}
