import { bicubicSpans } from './coefficients.ts';
import { Layout } from '../wasm.ts';
import { kernel } from './kernel.ts';

/** Bits of the low half of a weight. assembly/kernel.ts splits weights in the same way. */
const LOW_BITS = 11;
const LOW_MASK = (1 << LOW_BITS) - 1;
/** Rows that the kernel's horizontal pass processes at a time. */
const STRIP_ROWS = 16;
/** How far the kernel reads past the last row of a strip, at most. */
const SLACK_BYTES = 16;
/** Bytes of four transposed pixels of a strip. */
const SCRATCH_BYTES = 192;

/** Bytes per row of the intermediate image and of the result in the kernel's memory. */
function paddedStride(width: number): number {
  return Math.ceil((width * 3 + 1) / 16) * 16;
}

/**
 * The spans of one pass in the kernel's layout: pixels in pairs, weights in halves. Both tables are flat.
 *
 * @param even whether the first pixel of a pair must have an even index, as the horizontal pass requires
 */
function kernelSpans(
  inputSize: number,
  outputSize: number,
  even: boolean,
): { table: Uint32Array; weights: Int16Array } {
  const { starts, counts, weights, stride } = bicubicSpans(inputSize, outputSize);
  const table = new Uint32Array(outputSize * 2);
  const halves = new Int16Array(outputSize * (stride + 2) * 2);
  let at = 0;
  for (let output = 0; output < outputSize; output++) {
    const start = starts[output] ?? 0;
    const count = counts[output] ?? 0;
    const lead = even ? start % 2 : 0;
    const pairs = Math.ceil((lead + count) / 2);
    table[2 * output] = even ? (start - lead) / 2 : start;
    table[2 * output + 1] = pairs;
    for (let tap = 0; tap < count; tap++) {
      const weight = weights[output * stride + tap] ?? 0;
      const slot = tap + lead;
      // For each pair: both high halves, then both low halves.
      const half = at + (slot >> 1) * 4 + (slot & 1);
      halves[half] = weight >> LOW_BITS;
      halves[half + 2] = weight & LOW_MASK;
    }
    at += pairs * 4;
  }
  return { table, weights: halves.subarray(0, at) };
}

/** Bytes of the intermediate image in the kernel's memory: whole strips, and one more row for an odd last tap. */
function intermediateBytes(height: number, size: number): number {
  return (Math.ceil(height / STRIP_ROWS) * STRIP_ROWS + 1) * paddedStride(size);
}

/** Resizes the rows to `size` pixels each. The result is at the start of the kernel's memory. */
function horizontalPass(pixels: Uint8Array, width: number, height: number, size: number): void {
  const { memory, horizontal } = kernel();
  const stride = paddedStride(size);
  const inputStride = width * 3;
  const layout = new Layout();
  const target = layout.take(intermediateBytes(height, size));
  if (width === size) {
    layout.ensure(memory);
    const bytes = new Uint8Array(memory.buffer);
    for (let row = 0; row < height; row++) {
      bytes.set(pixels.subarray(row * inputStride, (row + 1) * inputStride), target + row * stride);
    }
    return;
  }
  const { table, weights } = kernelSpans(width, size, true);
  const tableAt = layout.take(table.byteLength);
  const weightsAt = layout.take(weights.byteLength);
  const strip = layout.take(STRIP_ROWS * inputStride + SLACK_BYTES);
  const scratch = layout.take(Math.ceil(width / 4) * SCRATCH_BYTES);
  layout.ensure(memory);
  new Uint32Array(memory.buffer, tableAt).set(table);
  new Int16Array(memory.buffer, weightsAt).set(weights);
  const bytes = new Uint8Array(memory.buffer);
  for (let row = 0; row < height; row += STRIP_ROWS) {
    bytes.set(pixels.subarray(row * inputStride, Math.min(row + STRIP_ROWS, height) * inputStride), strip);
    horizontal(strip, width, scratch, target + row * stride, stride, size, tableAt, weightsAt);
  }
}

/** Resizes the `height` rows of `size` pixels at the start of the kernel's memory to `size` rows. */
function verticalPass(height: number, size: number): Uint8Array {
  const { memory, vertical } = kernel();
  const stride = paddedStride(size);
  const layout = new Layout();
  const source = layout.take(intermediateBytes(height, size));
  const output = new Uint8Array(size * size * 3);
  let rowsAt = source;
  if (height !== size) {
    const { table, weights } = kernelSpans(height, size, false);
    rowsAt = layout.take(size * stride);
    let weightsAt = layout.take(weights.byteLength);
    layout.ensure(memory);
    new Int16Array(memory.buffer, weightsAt).set(weights);
    for (let row = 0; row < size; row++) {
      const start = table[2 * row] ?? 0;
      const pairs = table[2 * row + 1] ?? 0;
      vertical(source + start * stride, stride, rowsAt + row * stride, pairs, weightsAt);
      weightsAt += pairs * 8;
    }
  }
  const bytes = new Uint8Array(memory.buffer);
  for (let row = 0; row < size; row++) {
    const start = rowsAt + row * stride;
    output.set(bytes.subarray(start, start + size * 3), row * size * 3);
  }
  return output;
}

/**
 * Pillow's bicubic resize of an 8-bit RGB image to a square, to the bit: a horizontal pass, then a vertical pass, each
 * rounded to bytes. A pass that would not change the size is skipped.
 *
 * Pillow does the vertical pass first for images more than a hundred times as high as wide since 12.2, and for some tall
 * images since 13.0. This is the order of all earlier releases.
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
