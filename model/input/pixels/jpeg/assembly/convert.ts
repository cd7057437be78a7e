import { COMPONENT } from './component';
import { factors, high16, low16 } from './lanes';

/** Three parts of a row of chroma above or below and one of it, with a copy of the first and the last at the ends. */
function blendRows(near: usize, far: usize, sums: usize, width: u32): void {
  for (let x: u32 = 0; x < width; x += 8) {
    const a = v128.load8x8_u(near + x);
    const b = v128.load8x8_u(far + x);
    v128.store(sums + 2 + (x << 1), i16x8.add(i16x8.mul(a, i16x8.splat(3)), b));
  }
  store<i16>(sums, load<i16>(sums, 2));
  store<i16>(sums + 2 + (width << 1), load<i16>(sums + (width << 1)));
}

/** The row as it is, with a copy of the first and the last at the ends. */
function copyRow(row: usize, sums: usize, width: u32): void {
  for (let x: u32 = 0; x < width; x += 8) v128.store(sums + 2 + (x << 1), v128.load8x8_u(row + x));
  store<i16>(sums, load<i16>(sums, 2));
  store<i16>(sums + 2 + (width << 1), load<i16>(sums + (width << 1)));
}

/** Twice as many samples of a row: each three parts of the nearest one and one of the next. */
function widen(sums: usize, target: usize, width: u32, left: i32, right: i32, shift: i32): void {
  const leftRound = i16x8.splat(<i16>left);
  const rightRound = i16x8.splat(<i16>right);
  for (let x: u32 = 0; x < width; x += 8) {
    const here = i16x8.mul(v128.load(sums, 2), i16x8.splat(3));
    const even = i16x8.shr_u(i16x8.add(i16x8.add(here, v128.load(sums)), leftRound), shift);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(here, v128.load(sums, 4)), rightRound), shift);
    v128.store(target, v128.or(even, i16x8.shl(odd, 8)));
    sums += 16;
    target += 16;
  }
}

/** Eight pixels of a channel: y plus the chroma with factors of 16 fraction bits, and `whole` of it. */
function channel(y: v128, whole: v128, low: v128, high: v128, by: v128): v128 {
  const half = i32x4.splat(1 << 15);
  const part = i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(low, by), half), 16),
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(high, by), half), 16),
  );
  return i16x8.add(i16x8.add(y, whole), part);
}

/** Converts a row. It writes up to 47 bytes more than `width` pixels. */
function toRgb(luma: usize, blue: usize, red: usize, target: usize, width: u32): void {
  const byRed = factors(0, 26345);
  const byGreen = factors(-22554, 18734);
  const byBlue = factors(-14942, 0);
  const middle = i16x8.splat(128);
  for (let x: u32 = 0; x < width; x += 16) {
    const y = v128.load(luma + x);
    const cb = v128.load(blue + x);
    const cr = v128.load(red + x);
    const y0 = i16x8.extend_low_i8x16_u(y);
    const y1 = i16x8.extend_high_i8x16_u(y);
    const cb0 = i16x8.sub(i16x8.extend_low_i8x16_u(cb), middle);
    const cb1 = i16x8.sub(i16x8.extend_high_i8x16_u(cb), middle);
    const cr0 = i16x8.sub(i16x8.extend_low_i8x16_u(cr), middle);
    const cr1 = i16x8.sub(i16x8.extend_high_i8x16_u(cr), middle);
    const low0 = low16(cb0, cr0);
    const high0 = high16(cb0, cr0);
    const low1 = low16(cb1, cr1);
    const high1 = high16(cb1, cr1);
    const r = i8x16.narrow_i16x8_u(channel(y0, cr0, low0, high0, byRed), channel(y1, cr1, low1, high1, byRed));
    const g = i8x16.narrow_i16x8_u(
      channel(y0, i16x8.neg(cr0), low0, high0, byGreen),
      channel(y1, i16x8.neg(cr1), low1, high1, byGreen),
    );
    const b = i8x16.narrow_i16x8_u(
      channel(y0, i16x8.add(cb0, cb0), low0, high0, byBlue),
      channel(y1, i16x8.add(cb1, cb1), low1, high1, byBlue),
    );
    // prettier-ignore
    const rg0 = i8x16.shuffle(r, g, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
    // prettier-ignore
    const rg1 = i8x16.shuffle(r, g, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
    // prettier-ignore
    const rg2 = i8x16.shuffle(r, g, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
    // prettier-ignore
    v128.store(target, i8x16.shuffle(rg0, b, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15), 0);
    // prettier-ignore
    v128.store(target, i8x16.shuffle(rg1, b, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15), 16);
    // prettier-ignore
    v128.store(target, i8x16.shuffle(rg2, b, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31), 32);
    target += 48;
  }
}

/** A row of chroma, as wide as the picture. @returns its address */
function chromaRow(
  component: usize,
  row: usize,
  rows: usize,
  width: u32,
  h: u32,
  v: u32,
  sums: usize,
  target: usize,
): usize {
  const stride: usize = load<u32>(component, 24);
  const plane: usize = load<u32>(component, 20);
  if (h === 1) return plane + row * stride;
  const near = v === 2 ? row >> 1 : row;
  const here = plane + near * stride;
  if (v === 2) {
    // Beyond the edges, the row itself.
    const other = (row & 1) === 0 ? near - <usize>(near > 0) : near + <usize>(near + 1 < rows);
    blendRows(here, plane + other * stride, sums, width);
    widen(sums, target, width, 8, 7, 4);
  } else {
    copyRow(here, sums, width);
    widen(sums, target, width, 1, 2, 2);
  }
  return target;
}

/**
 * Converts decoded planes to RGB.
 *
 * @param components as for decodeScan; the first has all sampling factors, those of the others are 1
 * @param width pixels of a row
 * @param height rows
 * @param scratch for sums and two rows of chroma: 2 * (width + 32) + 2 * (width + 64) bytes
 * @param target the pixels, and 48 bytes after them
 */
export function convert(components: usize, width: u32, height: u32, scratch: usize, target: usize): void {
  const h = load<u32>(components);
  const v = load<u32>(components, 4);
  const chromaWidth = (width + h - 1) / h;
  const chromaHeight = (height + v - 1) / v;
  const luma: usize = load<u32>(components, 20);
  const stride: usize = load<u32>(components, 24);
  const blueRow = scratch + 2 * (width + 32);
  const redRow = blueRow + width + 64;
  for (let row: usize = 0; row < height; row++) {
    const blue = chromaRow(components + COMPONENT, row, chromaHeight, chromaWidth, h, v, scratch, blueRow);
    const red = chromaRow(components + 2 * COMPONENT, row, chromaHeight, chromaWidth, h, v, scratch, redRow);
    toRgb(luma + row * stride, blue, red, target, width);
    target += width * 3;
  }
}
