import type { Dtype } from '../model/compile/checkpoint/dtype.ts';

/** The 16 bits of the half-precision number that is nearest to `value`, ties to even. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  // Half of the last step beyond 65504 rounds up to infinity.
  if (size >= 65_520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 2 ** -24)));
  const steps = size * 2 ** (10 - exponent);
  const down = Math.floor(steps);
  const rest = steps - down;
  const rounded = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  // A fraction that rounds up to 2048 carries into the exponent by itself.
  return sign | (exponent === -14 ? rounded : ((exponent + 15) << 10) + rounded - 1024);
}

/** The upper half of the float32 that is nearest to `value`, ties to even. */
function bfloatBits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

const ENCODERS: Readonly<Record<Dtype, (values: readonly number[]) => ArrayBufferView>> = {
  float32: (values) => Float32Array.from(values),
  float64: (values) => Float64Array.from(values),
  float16: (values) => Uint16Array.from(values, halfBits),
  bfloat16: (values) => Uint16Array.from(values, bfloatBits),
  int64: (values) => BigInt64Array.from(values, (value) => BigInt(value)),
  int32: (values) => Int32Array.from(values),
  int16: (values) => Int16Array.from(values),
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  bool: (values) => Uint8Array.from(values),
};

/** Values as the little-endian bytes of a checkpoint; float32 arrays are not copied where they fit as they are. */
export function encodeElements(dtype: Dtype, values: Float32Array | readonly number[]): Uint8Array {
  const view = dtype === 'float32' && values instanceof Float32Array ? values : ENCODERS[dtype](Array.from(values));
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
