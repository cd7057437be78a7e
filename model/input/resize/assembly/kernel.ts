/**
 * The two passes of the resampler, in AssemblyScript (TypeScript syntax with machine types, see assemblyscript.org).
 * `npm run build:wasm` compiles this file to ../kernel-wasm.ts, which is committed, so the compiler is needed only
 * after a change here.
 *
 * The host allocates the memory and fills the tables (../resample.ts). The arithmetic is that of Pillow's 8-bit
 * resampler: integers with 22 fraction bits, so the order of additions does not matter and the result is exact. A
 * weight does not fit the 16-bit lanes of the fast multiply-and-add-pairs instruction, so it is split as
 * `weight = high * 2^11 + low` and the halves are summed separately. The low sum may wrap around, but the total fits
 * 32 bits, so it is correct.
 */

/** Bits of the low half of a weight. ../resample.ts splits weights in the same way. */
const LOW_BITS: i32 = 11;
/** Fraction bits of a weight: 32 - 8 - 2, as in Pillow. */
const FRACTION_BITS: i32 = 22;

/** Rows that the horizontal pass processes at a time. ../resample.ts allocates the memory for them. */
const STRIP_ROWS: u32 = 16;
/** Bytes per pair of input pixels in a transposed strip: 3 channels, 16 rows, 2 pixels. */
const PAIR_BYTES: usize = 96;

/** Sorts four RGB pixels into words of r0 r1, g0 g1, b0 b1, r2 r3, g2 g3, b2 b3. */
const PAIRS = i8x16(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, 0, 0, 0, 0);

/** Combines the halves, rounds, and drops the fraction. */
function settle(high: v128, low: v128): v128 {
  const total = i32x4.add(i32x4.shl(high, LOW_BITS), low);
  return i32x4.shr_s(i32x4.add(total, i32x4.splat(1 << (FRACTION_BITS - 1))), FRACTION_BITS);
}

/** Clips four vectors of four sums to bytes. */
function pack(sum0: v128, sum1: v128, sum2: v128, sum3: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(sum0, sum1), i16x8.narrow_i32x4_s(sum2, sum3));
}

// The low and the high halves of two vectors, interleaved by bytes, words, double words and quad words.
// prettier-ignore
function low8(a: v128, b: v128): v128 { return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23); }
// prettier-ignore
function high8(a: v128, b: v128): v128 { return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31); }
// prettier-ignore
function low16(a: v128, b: v128): v128 { return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
// prettier-ignore
function high16(a: v128, b: v128): v128 { return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
// prettier-ignore
function low32(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 0, 4, 1, 5); }
// prettier-ignore
function high32(a: v128, b: v128): v128 { return v128.shuffle<i32>(a, b, 2, 6, 3, 7); }
// prettier-ignore
function low64(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 0, 2); }
// prettier-ignore
function high64(a: v128, b: v128): v128 { return v128.shuffle<i64>(a, b, 1, 3); }

/** Transposes four pixels of eight rows: for each pair and channel, the eight rows become adjacent. */
function transposeEight(source: usize, stride: usize, target: usize): void {
  const row0 = i8x16.swizzle(v128.load(source), PAIRS);
  const row1 = i8x16.swizzle(v128.load(source + stride), PAIRS);
  const row2 = i8x16.swizzle(v128.load(source + 2 * stride), PAIRS);
  const row3 = i8x16.swizzle(v128.load(source + 3 * stride), PAIRS);
  const row4 = i8x16.swizzle(v128.load(source + 4 * stride), PAIRS);
  const row5 = i8x16.swizzle(v128.load(source + 5 * stride), PAIRS);
  const row6 = i8x16.swizzle(v128.load(source + 6 * stride), PAIRS);
  const row7 = i8x16.swizzle(v128.load(source + 7 * stride), PAIRS);
  const rg0123 = low32(low16(row0, row1), low16(row2, row3));
  const rg4567 = low32(low16(row4, row5), low16(row6, row7));
  const br0123 = high32(low16(row0, row1), low16(row2, row3));
  const br4567 = high32(low16(row4, row5), low16(row6, row7));
  const gb0123 = low32(high16(row0, row1), high16(row2, row3));
  const gb4567 = low32(high16(row4, row5), high16(row6, row7));
  v128.store(target, low64(rg0123, rg4567), 0);
  v128.store(target, high64(rg0123, rg4567), 32);
  v128.store(target, low64(br0123, br4567), 64);
  v128.store(target, high64(br0123, br4567), 96);
  v128.store(target, low64(gb0123, gb4567), 128);
  v128.store(target, high64(gb0123, gb4567), 160);
}

/** One channel of one output pixel in sixteen rows, from a transposed strip. */
function blend(source: usize, pairs: u32, weights: usize): v128 {
  let high0 = i32x4.splat(0);
  let high1 = i32x4.splat(0);
  let high2 = i32x4.splat(0);
  let high3 = i32x4.splat(0);
  let low0 = i32x4.splat(0);
  let low1 = i32x4.splat(0);
  let low2 = i32x4.splat(0);
  let low3 = i32x4.splat(0);
  for (; pairs > 0; pairs--) {
    const high = v128.load32_splat(weights);
    const low = v128.load32_splat(weights, 4);
    const p0 = v128.load8x8_u(source);
    const p1 = v128.load8x8_u(source, 8);
    const p2 = v128.load8x8_u(source, 16);
    const p3 = v128.load8x8_u(source, 24);
    high0 = i32x4.add(high0, i32x4.dot_i16x8_s(p0, high));
    high1 = i32x4.add(high1, i32x4.dot_i16x8_s(p1, high));
    high2 = i32x4.add(high2, i32x4.dot_i16x8_s(p2, high));
    high3 = i32x4.add(high3, i32x4.dot_i16x8_s(p3, high));
    low0 = i32x4.add(low0, i32x4.dot_i16x8_s(p0, low));
    low1 = i32x4.add(low1, i32x4.dot_i16x8_s(p1, low));
    low2 = i32x4.add(low2, i32x4.dot_i16x8_s(p2, low));
    low3 = i32x4.add(low3, i32x4.dot_i16x8_s(p3, low));
    source += PAIR_BYTES;
    weights += 8;
  }
  return pack(settle(high0, low0), settle(high1, low1), settle(high2, low2), settle(high3, low3));
}

/** Stores one pixel in each of four rows, from r g b 0 each. The zero overwrites the byte after the pixel. */
function storeFour(target: usize, stride: usize, pixels: v128): void {
  v128.store32_lane(target, pixels, 0);
  v128.store32_lane(target + stride, pixels, 1);
  v128.store32_lane(target + 2 * stride, pixels, 2);
  v128.store32_lane(target + 3 * stride, pixels, 3);
}

/**
 * Horizontal pass over a strip of 16 rows of RGB pixels. The strip is transposed first, so that one instruction
 * processes the same pixel of several rows.
 *
 * @param source first row; up to 16 bytes after a row are read
 * @param sourceWidth pixels of an input row
 * @param scratch 192 bytes per four input pixels, rounded up
 * @param target first row of the result; one byte after each row is overwritten
 * @param columns pixels of an output row
 * @param spans for each output pixel two u32: its first pair of input pixels, the number of pairs
 * @param weights for each output pixel and pair 8 bytes: high halves of both weights, low halves of both
 */
export function horizontal(
  source: usize,
  sourceWidth: u32,
  scratch: usize,
  target: usize,
  targetStride: usize,
  columns: u32,
  spans: usize,
  weights: usize,
): void {
  const sourceStride: usize = sourceWidth * 3;
  const lowerHalf = sourceStride * (STRIP_ROWS / 2);
  let transposed = scratch;
  for (let x: u32 = 0; x < sourceWidth; x += 4) {
    transposeEight(source, sourceStride, transposed);
    transposeEight(source + lowerHalf, sourceStride, transposed + 16);
    source += 12;
    transposed += 2 * PAIR_BYTES;
  }
  for (let column: u32 = 0; column < columns; column++) {
    const first = scratch + load<u32>(spans) * PAIR_BYTES;
    const pairs = load<u32>(spans, 4);
    const red = blend(first, pairs, weights);
    const green = blend(first + 32, pairs, weights);
    const blue = blend(first + 64, pairs, weights);
    const none = i8x16.splat(0);
    const upperRedGreen = low8(red, green);
    const upperBlue = low8(blue, none);
    const lowerRedGreen = high8(red, green);
    const lowerBlue = high8(blue, none);
    storeFour(target, targetStride, low16(upperRedGreen, upperBlue));
    storeFour(target + 4 * targetStride, targetStride, high16(upperRedGreen, upperBlue));
    storeFour(target + 8 * targetStride, targetStride, low16(lowerRedGreen, lowerBlue));
    storeFour(target + 12 * targetStride, targetStride, high16(lowerRedGreen, lowerBlue));
    target += 3;
    spans += 8;
    weights += pairs * 8;
  }
}

/**
 * One output row of the vertical pass, sixteen bytes at a time, regardless of channels.
 *
 * @param source first input row of the span; the stride is a multiple of 16
 * @param target output row of `stride` bytes
 * @param pairs number of pairs of taps; if the number of taps is odd, the row after the last one is read
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
      const front = low8(a, b);
      const back = high8(a, b);
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
    const bytes = pack(settle(high0, low0), settle(high1, low1), settle(high2, low2), settle(high3, low3));
    v128.store(target + offset, bytes);
  }
}
