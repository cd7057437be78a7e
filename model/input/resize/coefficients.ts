/** Fraction bits of a fixed-point weight: 32, minus 8 for a byte, minus 2 of headroom (Pillow's PRECISION_BITS). */
const FRACTION_BITS = 22;

/** Radius of the bicubic kernel in input pixels, before it is widened for downscaling. */
const BICUBIC_SUPPORT = 2;

/** The input pixels of each output pixel of a line, and their fixed-point weights. */
export interface Spans {
  /** Index of the first input pixel of each output pixel. */
  readonly starts: Int32Array;
  /** Number of input pixels of each output pixel. */
  readonly counts: Int32Array;
  /** `stride` entries for each output pixel, of which the first `count` are used; FRACTION_BITS bits of fraction. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/**
 * Keys' cubic with a = -0.5. The order of operations is that of Pillow's bicubic_filter: the exact result depends on
 * it.
 */
function bicubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/**
 * The spans of one pass of Pillow's bicubic resize, to the bit: precompute_coeffs and normalize_coeffs_8bpc in its
 * Resample.c, computed in float64 and rounded half away from zero.
 *
 * @param inputSize pixels along the axis of the input, at least 1
 * @param outputSize pixels along the axis of the output, at least 1
 */
export function bicubicSpans(inputSize: number, outputSize: number): Spans {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = BICUBIC_SUPPORT * filterScale;
  const step = 1 / filterScale;
  const stride = Math.min(inputSize, Math.ceil(support) * 2 + 1);
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Int32Array(outputSize * stride);
  const exact = new Float64Array(stride);
  for (let output = 0; output < outputSize; output++) {
    const center = (output + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = bicubic((tap + start - center + 0.5) * step);
      exact[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = exact[tap] ?? 0;
      const scaled = (sum === 0 ? weight : weight / sum) * 2 ** FRACTION_BITS;
      weights[output * stride + tap] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    starts[output] = start;
    counts[output] = count;
  }
  return { starts, counts, weights, stride };
}
