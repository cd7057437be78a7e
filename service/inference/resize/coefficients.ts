/** Bits of fraction in a fixed-point weight: 32 less 8 for a byte less 2 of headroom (Pillow's PRECISION_BITS). */
export const FRACTION_BITS = 22;

/** Reach of the bicubic kernel in input pixels, before it is widened for down-scaling. */
const BICUBIC_SUPPORT = 2;

/** Which input pixels make one output pixel, and with what fixed-point weights (FRACTION_BITS bits of fraction). */
export interface Span {
  /** Index of the first input pixel. */
  readonly start: number;
  /** One weight for each input pixel from `start` on. */
  readonly weights: Int32Array;
}

/** Keys' cubic with a = -0.5, in the order of operations of Pillow's bicubic_filter: the bits depend on it. */
function bicubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/**
 * The spans of one pass of Pillow's bicubic resize, to the bit: precompute_coeffs and normalize_coeffs_8bpc of
 * its Resample.c, in float64 and rounded half away from zero.
 *
 * @param inputSize pixels along the axis before, at least 1
 * @param outputSize pixels along the axis after, at least 1
 * @returns one span for each output pixel
 */
export function bicubicSpans(inputSize: number, outputSize: number): Span[] {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = BICUBIC_SUPPORT * filterScale;
  const step = 1 / filterScale;
  const spans: Span[] = [];
  for (let output = 0; output < outputSize; output++) {
    const center = (output + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(center + support + 0.5));
    const exact = new Float64Array(end - start);
    let sum = 0;
    for (let tap = 0; tap < exact.length; tap++) {
      const weight = bicubic((tap + start - center + 0.5) * step);
      exact[tap] = weight;
      sum += weight;
    }
    const weights = Int32Array.from(exact, (weight) => {
      const scaled = (sum === 0 ? weight : weight / sum) * 2 ** FRACTION_BITS;
      return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
    spans.push({ start, weights });
  }
  return spans;
}
