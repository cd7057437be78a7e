import { bicubicSpans, type Span } from './coefficients.ts';
import { kernel, Layout } from './kernel.ts';

/** Bits of the low half of a weight; assembly/kernel.ts splits at the same place. */
const LOW_BITS = 11;
const LOW_MASK = (1 << LOW_BITS) - 1;
/** Input rows go through the kernel in strips of about this size, so that they stay in the processor's cache. */
const STRIP_BYTES = 262_144;
/** The kernel may read this far past the last row of a strip. */
const SLACK_BYTES = 16;

/** Bytes of the intermediate image's and the result's rows in the kernel's memory. */
function paddedStride(width: number): number {
  return Math.ceil((width * 3 + 1) / 16) * 16;
}

/** Writes two neighbouring taps as the kernel reads them: high halves, then low halves. */
function writePair(target: Int16Array, at: number, weights: Int32Array, tap: number): void {
  const first = weights[tap] ?? 0;
  const second = weights[tap + 1] ?? 0;
  target[at] = first >> LOW_BITS;
  target[at + 1] = second >> LOW_BITS;
  target[at + 2] = first & LOW_MASK;
  target[at + 3] = second & LOW_MASK;
}

/** Number of groups of `size` taps that hold all taps of a span. */
function groupsOf(span: Span, size: number): number {
  return Math.ceil(span.weights.length / size);
}

/** Brings the rows to `size` pixels each and leaves them at the start of the kernel's memory. */
function horizontalPass(pixels: Uint8Array, width: number, height: number, size: number): void {
  const { memory, horizontal } = kernel();
  const stride = paddedStride(size);
  const inputStride = width * 3;
  const layout = new Layout();
  // Two rows more than the image has: the passes read and write rows in pairs.
  const target = layout.take((height + 2) * stride);
  if (width === size) {
    layout.ensure(memory);
    const bytes = new Uint8Array(memory.buffer);
    for (let row = 0; row < height; row++) {
      bytes.set(pixels.subarray(row * inputStride, (row + 1) * inputStride), target + row * stride);
    }
    return;
  }
  const spans = bicubicSpans(width, size);
  const groups = spans.reduce((total, span) => total + groupsOf(span, 4), 0);
  const stripRows = Math.max(2, 2 * Math.floor(STRIP_BYTES / inputStride / 2));
  const spansAt = layout.take(spans.length * 8);
  const weightsAt = layout.take(groups * 16);
  const strip = layout.take((Math.min(stripRows, height) + 1) * inputStride + SLACK_BYTES);
  layout.ensure(memory);

  const table = new Uint32Array(memory.buffer, spansAt, spans.length * 2);
  const weights = new Int16Array(memory.buffer, weightsAt, groups * 8);
  let at = 0;
  spans.forEach((span, index) => {
    table[2 * index] = span.start * 3;
    table[2 * index + 1] = groupsOf(span, 4);
    for (let tap = 0; tap < span.weights.length; tap += 4, at += 8) {
      writePair(weights, at, span.weights, tap);
      writePair(weights, at + 4, span.weights, tap + 2);
    }
  });
  const bytes = new Uint8Array(memory.buffer);
  for (let row = 0; row < height; row += stripRows) {
    const rows = Math.min(stripRows, height - row);
    bytes.set(pixels.subarray(row * inputStride, (row + rows) * inputStride), strip);
    horizontal(strip, inputStride, target + row * stride, stride, rows, size, spansAt, weightsAt);
  }
}

/** Brings the `height` rows of `size` pixels that are at the start of the kernel's memory to `size` rows. */
function verticalPass(height: number, size: number): Uint8Array {
  const { memory, vertical } = kernel();
  const stride = paddedStride(size);
  const layout = new Layout();
  const source = layout.take((height + 2) * stride);
  const output = new Uint8Array(size * size * 3);
  let rowsAt = source;
  if (height !== size) {
    const spans = bicubicSpans(height, size);
    rowsAt = layout.take(size * stride);
    const weightsAt = layout.take(Math.max(...spans.map((span) => groupsOf(span, 2))) * 8);
    layout.ensure(memory);
    spans.forEach((span, row) => {
      const pairs = groupsOf(span, 2);
      const weights = new Int16Array(memory.buffer, weightsAt, pairs * 4);
      for (let pair = 0; pair < pairs; pair++) writePair(weights, pair * 4, span.weights, pair * 2);
      vertical(source + span.start * stride, stride, rowsAt + row * stride, pairs, weightsAt);
    });
  }
  const bytes = new Uint8Array(memory.buffer);
  for (let row = 0; row < size; row++) {
    const start = rowsAt + row * stride;
    output.set(bytes.subarray(start, start + size * 3), row * size * 3);
  }
  return output;
}

/**
 * Pillow's bicubic resize of an 8-bit RGB image to a square, to the bit: horizontal pass, then vertical pass, each
 * rounded to bytes; a pass that would not change the size is left out.
 *
 * Pillow 13 takes the vertical pass first for some tall images; this is the order of every release before it.
 *
 * @param pixels width * height * 3 bytes, rows from top to bottom, RGB
 * @param width at least 1
 * @param height at least 1
 * @param size pixels along each side of the result, at least 1
 * @returns size * size * 3 bytes
 */
export function resample(pixels: Uint8Array, width: number, height: number, size: number): Uint8Array {
  if (pixels.length !== width * height * 3) {
    throw new RangeError(`${pixels.length} bytes are not an RGB image of ${width} x ${height} pixels.`);
  }
  horizontalPass(pixels, width, height, size);
  return verticalPass(height, size);
}
