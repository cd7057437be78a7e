/** Smallest and largest value of a tensor. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** How a byte stands for a number: scale * (byte - zeroPoint). */
export interface Scale {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Significant bits of a scale. Ranges differ in their last bits between processors; scales then seldom do. */
const BITS = 7;

/** The scale with which the bytes 0 to 255 cover a range. They always cover 0, exactly. */
export function scaleOf({ min, max }: Range): Scale {
  const low = Math.min(0, min);
  const span = Math.max(0, max) - low;
  if (span === 0) return { scale: 1, zeroPoint: 0 };
  const scale = roundedUp(span / 255);
  return { scale, zeroPoint: Math.round(-low / scale) };
}

/** A positive number rounded up to {@link BITS} significant bits. */
export function roundedUp(value: number): number {
  const unit = 2 ** (Math.floor(Math.log2(value)) - BITS + 1);
  return Math.ceil(value / unit) * unit;
}
