import { halfToNumber } from '../half.ts';

/** Bytes per element. */
export const ELEMENT_BYTES = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;

/** Element types that a checkpoint may contain. */
export type Dtype = keyof typeof ELEMENT_BYTES;

/** Those that weights may have. */
export const FLOATS = ['float32', 'float16', 'bfloat16', 'float64'] as const satisfies readonly Dtype[];

let halfTable: Float32Array | undefined;

/** All 65,536 half-precision values. */
function halves(): Float32Array {
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfToNumber(bits));
  return halfTable;
}

function convertHalves(view: DataView, out: Float32Array): void {
  const table = halves();
  for (let i = 0; i < out.length; i++) out[i] = table[view.getUint16(2 * i, true)] ?? NaN;
}

/** bfloat16 is the upper half of a float32. */
function convertBfloats(view: DataView, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) bits[i] = view.getUint16(2 * i, true) << 16;
}

const READERS: Readonly<Record<Exclude<Dtype, 'float16' | 'bfloat16'>, (view: DataView, i: number) => number>> = {
  float32: (view, i) => view.getFloat32(4 * i, true),
  float64: (view, i) => view.getFloat64(8 * i, true),
  int64: (view, i) => Number(view.getBigInt64(8 * i, true)),
  int32: (view, i) => view.getInt32(4 * i, true),
  int16: (view, i) => view.getInt16(2 * i, true),
  int8: (view, i) => view.getInt8(i),
  uint8: (view, i) => view.getUint8(i),
  bool: (view, i) => (view.getUint8(i) === 0 ? 0 : 1),
};

/**
 * Converts little-endian elements to float32. Wider types are rounded to nearest.
 *
 * @param bytes at least `out.length` elements of `dtype`
 */
export function convertToFloat32(dtype: Dtype, bytes: Uint8Array, out: Float32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === 'float16') {
    convertHalves(view, out);
  } else if (dtype === 'bfloat16') {
    convertBfloats(view, out);
  } else {
    const read = READERS[dtype];
    for (let i = 0; i < out.length; i++) out[i] = read(view, i);
  }
}
