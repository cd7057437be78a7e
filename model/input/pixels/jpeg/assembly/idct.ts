import { factors, high16, high32, high64, low16, low32, low64 } from './lanes';

function descale(low: v128, high: v128, shift: i32): v128 {
  const half = i32x4.splat(1 << (shift - 1));
  return i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(low, half), shift), i32x4.shr_s(i32x4.add(high, half), shift));
}

/**
 * One pass of the IDCT of libjpeg's jidctint.c on the columns of a block of 8 x 8 16-bit numbers, which is transposed in
 * place.
 */
function pass(block: usize, shift: i32): void {
  const in0 = v128.load(block, 0);
  const in1 = v128.load(block, 16);
  const in2 = v128.load(block, 32);
  const in3 = v128.load(block, 48);
  const in4 = v128.load(block, 64);
  const in5 = v128.load(block, 80);
  const in6 = v128.load(block, 96);
  const in7 = v128.load(block, 112);

  const low26 = low16(in2, in6);
  const high26 = high16(in2, in6);
  const c2 = factors(4433, 4433 - 15137);
  const c3 = factors(4433 + 6270, 4433);
  const even2Low = i32x4.dot_i16x8_s(low26, c2);
  const even2High = i32x4.dot_i16x8_s(high26, c2);
  const even3Low = i32x4.dot_i16x8_s(low26, c3);
  const even3High = i32x4.dot_i16x8_s(high26, c3);
  const sum = i16x8.add(in0, in4);
  const difference = i16x8.sub(in0, in4);
  const even0Low = i32x4.shl(i32x4.extend_low_i16x8_s(sum), 13);
  const even0High = i32x4.shl(i32x4.extend_high_i16x8_s(sum), 13);
  const even1Low = i32x4.shl(i32x4.extend_low_i16x8_s(difference), 13);
  const even1High = i32x4.shl(i32x4.extend_high_i16x8_s(difference), 13);
  const t10Low = i32x4.add(even0Low, even3Low);
  const t10High = i32x4.add(even0High, even3High);
  const t13Low = i32x4.sub(even0Low, even3Low);
  const t13High = i32x4.sub(even0High, even3High);
  const t11Low = i32x4.add(even1Low, even2Low);
  const t11High = i32x4.add(even1High, even2High);
  const t12Low = i32x4.sub(even1Low, even2Low);
  const t12High = i32x4.sub(even1High, even2High);

  const z3 = i16x8.add(in7, in3);
  const z4 = i16x8.add(in5, in1);
  const zLow = low16(z3, z4);
  const zHigh = high16(z3, z4);
  const cz3 = factors(9633 - 16069, 9633);
  const cz4 = factors(9633, 9633 - 3196);
  const z3Low = i32x4.dot_i16x8_s(zLow, cz3);
  const z3High = i32x4.dot_i16x8_s(zHigh, cz3);
  const z4Low = i32x4.dot_i16x8_s(zLow, cz4);
  const z4High = i32x4.dot_i16x8_s(zHigh, cz4);
  const low71 = low16(in7, in1);
  const high71 = high16(in7, in1);
  const low53 = low16(in5, in3);
  const high53 = high16(in5, in3);
  const c70 = factors(2446 - 7373, -7373);
  const c71 = factors(-7373, 12299 - 7373);
  const c51 = factors(16819 - 20995, -20995);
  const c52 = factors(-20995, 25172 - 20995);
  const odd0Low = i32x4.add(i32x4.dot_i16x8_s(low71, c70), z3Low);
  const odd0High = i32x4.add(i32x4.dot_i16x8_s(high71, c70), z3High);
  const odd3Low = i32x4.add(i32x4.dot_i16x8_s(low71, c71), z4Low);
  const odd3High = i32x4.add(i32x4.dot_i16x8_s(high71, c71), z4High);
  const odd1Low = i32x4.add(i32x4.dot_i16x8_s(low53, c51), z4Low);
  const odd1High = i32x4.add(i32x4.dot_i16x8_s(high53, c51), z4High);
  const odd2Low = i32x4.add(i32x4.dot_i16x8_s(low53, c52), z3Low);
  const odd2High = i32x4.add(i32x4.dot_i16x8_s(high53, c52), z3High);

  const out0 = descale(i32x4.add(t10Low, odd3Low), i32x4.add(t10High, odd3High), shift);
  const out7 = descale(i32x4.sub(t10Low, odd3Low), i32x4.sub(t10High, odd3High), shift);
  const out1 = descale(i32x4.add(t11Low, odd2Low), i32x4.add(t11High, odd2High), shift);
  const out6 = descale(i32x4.sub(t11Low, odd2Low), i32x4.sub(t11High, odd2High), shift);
  const out2 = descale(i32x4.add(t12Low, odd1Low), i32x4.add(t12High, odd1High), shift);
  const out5 = descale(i32x4.sub(t12Low, odd1Low), i32x4.sub(t12High, odd1High), shift);
  const out3 = descale(i32x4.add(t13Low, odd0Low), i32x4.add(t13High, odd0High), shift);
  const out4 = descale(i32x4.sub(t13Low, odd0Low), i32x4.sub(t13High, odd0High), shift);

  const a0 = low16(out0, out1);
  const a1 = low16(out2, out3);
  const a2 = low16(out4, out5);
  const a3 = low16(out6, out7);
  const b0 = low32(a0, a1);
  const b1 = low32(a2, a3);
  const b2 = high32(a0, a1);
  const b3 = high32(a2, a3);
  v128.store(block, low64(b0, b1), 0);
  v128.store(block, high64(b0, b1), 16);
  v128.store(block, low64(b2, b3), 32);
  v128.store(block, high64(b2, b3), 48);
  const d0 = high16(out0, out1);
  const d1 = high16(out2, out3);
  const d2 = high16(out4, out5);
  const d3 = high16(out6, out7);
  const e0 = low32(d0, d1);
  const e1 = low32(d2, d3);
  const e2 = high32(d0, d1);
  const e3 = high32(d2, d3);
  v128.store(block, low64(e0, e1), 64);
  v128.store(block, high64(e0, e1), 80);
  v128.store(block, low64(e2, e3), 96);
  v128.store(block, high64(e2, e3), 112);
}

/** Samples from a block of coefficients, which becomes zeros again. */
export function transform(block: usize, target: usize, stride: usize): void {
  pass(block, 11);
  pass(block, 18);
  const zero = i64x2.splat(0);
  for (let row: usize = 0; row < 8; row++) {
    const values = v128.load(block);
    v128.store(block, zero);
    const bytes = v128.xor(i8x16.narrow_i16x8_s(values, values), i8x16.splat(-128));
    v128.store64_lane(target, bytes, 0);
    block += 16;
    target += stride;
  }
}

/** Samples from a block of which only the first coefficient is not 0; it becomes 0 again. */
export function fill(block: usize, target: usize, stride: usize): void {
  const first: i32 = load<i16>(block);
  store<i16>(block, 0);
  // What the two passes make of it: times 4, then by 32 with rounding.
  const value = ((((first << 2) << 13) + (1 << 17)) >> 18) + 128;
  const bytes = i8x16.splat(<i8>max(0, min(255, value)));
  for (let row: usize = 0; row < 8; row++) {
    v128.store64_lane(target, bytes, 0);
    target += stride;
  }
}
