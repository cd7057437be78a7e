import { UserError } from '../errors.ts';

/**
 * Rounds float32 values to IEEE 754 binary16: to nearest, ties to even.
 *
 * @param name of the tensor, for the error message
 * @throws UserError if a value is not finite or rounds to infinity (a magnitude of 65,520 or more)
 */
export function toHalf(values: Float32Array, name: string): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const half = roundToHalf(bits[i] ?? 0);
    if ((half & 0x7c00) === 0x7c00) {
      throw new UserError(
        'checkpoint-unsupported',
        `${name} holds ${values[i] ?? NaN}, which float16 cannot represent: compile with --precision fp32.`,
      );
    }
    out[i] = half;
  }
  return out;
}

/** The value of a binary16 bit pattern. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x47800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent and round off 13 bits of the fraction. A carry into the exponent is correct.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Subnormal: shift the significand so that its unit is 2^-24.
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign;
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const kept = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}
