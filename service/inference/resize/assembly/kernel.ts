/**
 * The two passes of the resampler, in AssemblyScript (TypeScript's syntax with machine types; see
 * assemblyscript.org). `npm run build:kernel` compiles this file into
 * ../kernel-wasm.ts, which is committed, so that nothing but a change here needs the compiler.
 *
 * The host lays out the memory and the tables (../resample.ts); nothing here allocates. Arithmetic is that of
 * Pillow's 8-bit resampler: whole numbers with 22 bits of fraction, so the order of additions does not matter and
 * the result is exact. A weight does not fit the 16-bit lanes of the fast multiply-and-add-pairs instruction;
 * it is split as `weight = high * 2^11 + low` and the halves are summed apart. The low sum may wrap around; the
 * total fits 32 bits, so it comes out right.
 */

/** Bits of the low half of a weight; ../coefficients.ts splits at the same place. */
const LOW_BITS: i32 = 11;
/** Bits of fraction in a weight: 32 - 8 - 2, as Pillow has it. */
const FRACTION_BITS: i32 = 22;

/** Spreads two RGB pixels to 16-bit lanes as pairs r0 r1 g0 g1 b0 b1 0 0; an index past 15 gives 0. */
// prettier-ignore
const FIRST_TWO = i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
// prettier-ignore
const LAST_TWO = i8x16(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);

/** Puts the halves together, rounds and drops the fraction. */
function settle(high: v128, low: v128): v128 {
  const total = i32x4.add(i32x4.shl(high, LOW_BITS), low);
  return i32x4.shr_s(i32x4.add(total, i32x4.splat(1 << (FRACTION_BITS - 1))), FRACTION_BITS);
}

/** Clips one RGB pixel to bytes and stores it; a fourth byte is overwritten too. */
function storePixel(pointer: usize, high: v128, low: v128): void {
  const words = i16x8.narrow_i32x4_s(settle(high, low), i32x4.splat(0));
  v128.store32_lane(pointer, i8x16.narrow_i16x8_u(words, words), 0);
}

/**
 * Horizontal pass over `rows` rows of RGB pixels, two at a time.
 *
 * @param source first row; up to 16 bytes after a row may be read, and the row after the last where `rows` is odd
 * @param target first row of the result; one byte after each row is overwritten, and the row after the last where
 *   `rows` is odd
 * @param spans for each output pixel two u32: the byte offset of its first input pixel, the number of groups of
 *   four taps
 * @param weights for each output pixel and group 16 bytes: high halves of taps 0 and 1, low halves of them, high
 *   halves of taps 2 and 3, low halves of them
 */
export function horizontal(
  source: usize,
  sourceStride: usize,
  target: usize,
  targetStride: usize,
  rows: u32,
  columns: u32,
  spans: usize,
  weights: usize,
): void {
  for (let row: u32 = 0; row < rows; row += 2) {
    let span = spans;
    let weight = weights;
    let out = target;
    for (let column: u32 = 0; column < columns; column++) {
      let upper = source + load<u32>(span);
      let groups = load<u32>(span, 4);
      let upperHigh = i32x4.splat(0);
      let upperLow = i32x4.splat(0);
      let lowerHigh = i32x4.splat(0);
      let lowerLow = i32x4.splat(0);
      for (; groups > 0; groups--) {
        const high01 = v128.load32_splat(weight);
        const low01 = v128.load32_splat(weight, 4);
        const high23 = v128.load32_splat(weight, 8);
        const low23 = v128.load32_splat(weight, 12);
        const a = v128.load(upper);
        const b = v128.load(upper + sourceStride);
        const a01 = i8x16.swizzle(a, FIRST_TWO);
        const a23 = i8x16.swizzle(a, LAST_TWO);
        const b01 = i8x16.swizzle(b, FIRST_TWO);
        const b23 = i8x16.swizzle(b, LAST_TWO);
        upperHigh = i32x4.add(upperHigh, i32x4.dot_i16x8_s(a01, high01));
        upperLow = i32x4.add(upperLow, i32x4.dot_i16x8_s(a01, low01));
        lowerHigh = i32x4.add(lowerHigh, i32x4.dot_i16x8_s(b01, high01));
        lowerLow = i32x4.add(lowerLow, i32x4.dot_i16x8_s(b01, low01));
        upperHigh = i32x4.add(upperHigh, i32x4.dot_i16x8_s(a23, high23));
        upperLow = i32x4.add(upperLow, i32x4.dot_i16x8_s(a23, low23));
        lowerHigh = i32x4.add(lowerHigh, i32x4.dot_i16x8_s(b23, high23));
        lowerLow = i32x4.add(lowerLow, i32x4.dot_i16x8_s(b23, low23));
        upper += 12;
        weight += 16;
      }
      storePixel(out, upperHigh, upperLow);
      storePixel(out + targetStride, lowerHigh, lowerLow);
      out += 3;
      span += 8;
    }
    source += 2 * sourceStride;
    target += 2 * targetStride;
  }
}

/**
 * One output row of the vertical pass, sixteen bytes at a time (the channels need no telling apart).
 *
 * @param source first input row of the span; the stride is a multiple of 16
 * @param target output row of `stride` bytes
 * @param pairs number of pairs of taps; where the taps are odd, the row after the last is read
 * @param weights for each pair 8 bytes: high halves, low halves
 */
export function vertical(source: usize, stride: usize, target: usize, pairs: u32, weights: usize): void {
  for (let offset: usize = 0; offset < stride; offset += 16) {
    let input = source + offset;
    let weight = weights;
    let high0 = i32x4.splat(0);
    let high1 = i32x4.splat(0);
    let high2 = i32x4.splat(0);
    let high3 = i32x4.splat(0);
    let low0 = i32x4.splat(0);
    let low1 = i32x4.splat(0);
    let low2 = i32x4.splat(0);
    let low3 = i32x4.splat(0);
    for (let pair = pairs; pair > 0; pair--) {
      const a = v128.load(input);
      const b = v128.load(input + stride);
      // prettier-ignore
      const front = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      // prettier-ignore
      const back = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      const high = v128.load32_splat(weight);
      const low = v128.load32_splat(weight, 4);
      const p0 = i16x8.extend_low_i8x16_u(front);
      const p1 = i16x8.extend_high_i8x16_u(front);
      const p2 = i16x8.extend_low_i8x16_u(back);
      const p3 = i16x8.extend_high_i8x16_u(back);
      high0 = i32x4.add(high0, i32x4.dot_i16x8_s(p0, high));
      high1 = i32x4.add(high1, i32x4.dot_i16x8_s(p1, high));
      high2 = i32x4.add(high2, i32x4.dot_i16x8_s(p2, high));
      high3 = i32x4.add(high3, i32x4.dot_i16x8_s(p3, high));
      low0 = i32x4.add(low0, i32x4.dot_i16x8_s(p0, low));
      low1 = i32x4.add(low1, i32x4.dot_i16x8_s(p1, low));
      low2 = i32x4.add(low2, i32x4.dot_i16x8_s(p2, low));
      low3 = i32x4.add(low3, i32x4.dot_i16x8_s(p3, low));
      input += 2 * stride;
      weight += 8;
    }
    const left = i16x8.narrow_i32x4_s(settle(high0, low0), settle(high1, low1));
    const right = i16x8.narrow_i32x4_s(settle(high2, low2), settle(high3, low3));
    v128.store(target + offset, i8x16.narrow_i16x8_u(left, right));
  }
}
