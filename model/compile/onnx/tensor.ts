import { toHalf } from '../half.ts';
import { elementCount } from '../shape.ts';

/** Element types that the compiler emits, with their numbers in ONNX (TensorProto.DataType). */
export const DATA_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const;

/** See {@link DATA_TYPES}. */
export type DataType = keyof typeof DATA_TYPES;

/** Type of a package's weights and activations. */
export type FloatType = 'float32' | 'float16';

const BYTES: Record<DataType, number> = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8, bool: 1, float16: 2 };

/** Size of a tensor in bytes. */
export function byteLength(type: DataType, shape: readonly number[]): number {
  return BYTES[type] * elementCount(shape);
}

/**
 * A constant of the graph. Its values are computed chunk by chunk while it is written, so that no more than one
 * constant is in memory at a time.
 */
export interface Initializer {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  /** The values in row-major order as little-endian bytes, in one or more chunks. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Computes the values of a floating-point constant: all at once, or in consecutive chunks. */
export type FloatSource = () => Promise<Float32Array> | AsyncIterable<Float32Array>;

/**
 * A floating-point constant. Its chunks round to nearest even for float16, see {@link toHalf}, and throw where a value
 * would become infinite.
 */
export function floatInitializer(
  name: string,
  type: FloatType,
  shape: readonly number[],
  source: FloatSource,
): Initializer {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let written = 0;
    const all = source();
    for await (const values of Symbol.asyncIterator in all ? all : [await all]) {
      written += values.length;
      yield type === 'float16' ? bytesOf(toHalf(values, name)) : bytesOf(values);
    }
    if (written !== elementCount(shape)) {
      throw new Error(`Constant ${name} of shape [${shape.join(', ')}] received ${written} values.`);
    }
  }
  return { name, type, shape, chunks };
}

/** Arrays of the integer types. int64 is written from numbers. */
const INTEGERS = {
  int64: (values: readonly number[]) => BigInt64Array.from(values.map(BigInt)),
  int32: (values: readonly number[]) => Int32Array.from(values),
  int8: (values: readonly number[]) => Int8Array.from(values),
  uint8: (values: readonly number[]) => Uint8Array.from(values),
} as const;

/** A small constant of integers. */
export function intInitializer(
  name: string,
  type: keyof typeof INTEGERS,
  shape: readonly number[],
  values: readonly number[],
): Initializer {
  const bytes = bytesOf(INTEGERS[type](values));
  return { name, type, shape, chunks: () => [bytes] };
}

/** A constant whose values are computed when it is written. */
export function computedInitializer(
  name: string,
  type: 'float32' | 'int32' | 'int8',
  shape: readonly number[],
  compute: () => Promise<Float32Array | Int32Array | Int8Array>,
): Initializer {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytesOf(await compute());
  }
  return { name, type, shape, chunks };
}

/** Reads all values of a float32 constant. */
export async function readFloats(constant: Initializer): Promise<Float32Array> {
  const { name, type, shape } = constant;
  if (type !== 'float32') throw new Error(`Constant ${name} is ${type}, not float32.`);
  const out = new Float32Array(elementCount(shape));
  const bytes = new Uint8Array(out.buffer);
  let at = 0;
  for await (const chunk of constant.chunks()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
