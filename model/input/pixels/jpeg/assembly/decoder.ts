/**
 * A decoder for the scan of a baseline JPEG, in AssemblyScript (TypeScript syntax with machine types, see
 * assemblyscript.org). `npm run build:wasm` compiles this file to ../decoder-wasm.ts, which is committed, so the
 * compiler is needed only after a change here.
 *
 * The arithmetic is that of libjpeg-turbo with its defaults, bit for bit: the accurate integer IDCT, "fancy" upsampling
 * and conversion from YCbCr. The host reads the header, allocates the memory and fills the tables (../decode.ts).
 * Whatever is unusual in the data ends the scan: the host then leaves the file to the general decoder.
 */

/** Bits of a code that are looked up at once; longer ones are searched. ../tables.ts has the same. */
const LOOKUP_BITS: u32 = 9;
// Offsets in a Huffman table, in bytes: see ../tables.ts.
const MOST_CODES: usize = 1024;
const FIRST_SYMBOLS: usize = MOST_CODES + 4 * 17;
const SYMBOLS: usize = FIRST_SYMBOLS + 4 * 17;
/** Bytes of a component's description, 32-bit words: h, v, quantization table, DC table, AC table, plane, stride. */
const COMPONENT: usize = 28;

// The state of reading bits. The buffer has its next bit on top.
let buffer: u64 = 0;
let count: i32 = 0;
/** Bits of the buffer that were made up after the end of the data. */
let madeUp: i32 = 0;
let at: usize = 0;
let end: usize = 0;

/** Reads bytes one by one, without the zero stuffed after 0xff, until there are at least 57 bits. */
function refill(): void {
  while (count <= 56) {
    let byte: u64 = 0;
    if (at + 1 < end && (load<u8>(at) !== 0xff || load<u8>(at, 1) === 0)) {
      byte = load<u8>(at);
      at += byte === 0xff ? 2 : 1;
    } else {
      madeUp += 8;
    }
    buffer |= byte << (56 - count);
    count += 8;
  }
}

/** Whether none of the four bytes of a word is 0xff. */
function isPlain(word: u32): bool {
  const inverse = ~word;
  return ((inverse - 0x01010101) & ~inverse & 0x80808080) === 0;
}

/** The length (in the high byte) and the symbol of the code on top of `bits`, which has more than LOOKUP_BITS; 0: none. */
function longCode(table: usize, bits: u64): u32 {
  const top = <i32>(bits >> 48);
  for (let length: i32 = LOOKUP_BITS + 1; length <= 16; length++) {
    const code = top >> (16 - length);
    if (code > load<i32>(table + (length << 2), MOST_CODES)) continue;
    return (length << 8) | load<u8>(table + code + load<i32>(table + (length << 2), FIRST_SYMBOLS), SYMBOLS);
  }
  return 0;
}

/** The same for a code of any length. */
function nextCode(table: usize, bits: u64): u32 {
  const entry: u32 = load<u16>(table + <usize>((bits >> (64 - LOOKUP_BITS)) << 1));
  return entry !== 0 ? entry : longCode(table, bits);
}

/** The `size` bits on top as a signed difference: those that begin with 0 are negative. size is 1 to 15. */
function difference(bits: u64, size: u32): i32 {
  const isNegative = <i32>((bits >> 63) ^ 1);
  return <i32>(bits >> (64 - size)) - (((1 << size) - 1) & -isNegative);
}

/** Whether a coefficient is far outside of what 8-bit samples give, so that sums of 16 bits might overflow. */
function isExcessive(coefficient: i32): bool {
  return <u32>(coefficient + 4096) > 8192;
}

/** The last DC coefficient of the component, before dequantization. */
let dc: i32 = 0;
const FAILED: i32 = -1;

/** Decodes and dequantizes a block, of which `block` has zeros before. @returns the last index that is not 0 */
function decodeBlock(component: usize, block: usize, zigzag: usize): i32 {
  const quantization: usize = load<u32>(component, 8);
  let table: usize = load<u32>(component, 12);
  // Globals cost a load and a store each time.
  let bits = buffer;
  let available = count;
  let last = 0;
  for (let index: i32 = 0; index < 64; index++) {
    // A code and its bits are at most 27.
    if (available < 32) {
      const word = at + 4 <= end ? bswap<u32>(load<u32>(at)) : 0xffffffff;
      if (isPlain(word)) {
        bits |= (<u64>word) << (32 - available);
        available += 32;
        at += 4;
      } else {
        buffer = bits;
        count = available;
        refill();
        bits = buffer;
        available = count;
      }
    }
    const code = nextCode(table, bits);
    if (code === 0) return FAILED;
    bits <<= code >> 8;
    available -= code >> 8;
    const size = code & 15;
    const run: i32 = (code >> 4) & 15;
    let value: i32 = 0;
    if (size > 0) {
      value = difference(bits, size);
      bits <<= size;
      available -= size;
    }
    if (index === 0) {
      if (run !== 0 || size > 11) return FAILED;
      dc += value;
      value = dc;
      table = load<u32>(component, 16);
    } else {
      if (size === 0) {
        if (run !== 15) {
          if (run !== 0) return FAILED;
          break;
        }
        index += 15;
        continue;
      }
      index += run;
      if (index > 63 || size > 10) return FAILED;
      last = index;
    }
    const natural: usize = load<u8>(zigzag + index);
    const coefficient = value * <i32>load<u16>(quantization + (natural << 1));
    if (isExcessive(coefficient)) return FAILED;
    store<i16>(block + (natural << 1), <i16>coefficient);
  }
  buffer = bits;
  count = available;
  return last;
}

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

/** Two factors with 13 fraction bits, for pairs of interleaved coefficients. */
function factors(even: i32, odd: i32): v128 {
  return i32x4.splat((even & 0xffff) | (odd << 16));
}

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
function transform(block: usize, target: usize, stride: usize): void {
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
function fill(block: usize, target: usize, stride: usize): void {
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

/**
 * Decodes a scan with three components into their planes.
 *
 * @param source the entropy-coded data
 * @param limit the end of the file
 * @param across number of MCUs in a row
 * @param down number of rows of MCUs
 * @param interval MCUs between restarts, or 0
 * @param components three descriptions, see COMPONENT
 * @param block 128 bytes of zeros
 * @param zigzag the 64 natural indices in the order of the data
 * @returns the address of the marker after the data, or 0 if they are damaged or unusual
 */
export function decodeScan(
  source: usize,
  limit: usize,
  across: usize,
  down: usize,
  interval: u32,
  components: usize,
  block: usize,
  zigzag: usize,
): usize {
  at = source;
  end = limit;
  buffer = 0;
  count = 0;
  madeUp = 0;
  let dc0: i32 = 0;
  let dc1: i32 = 0;
  let dc2: i32 = 0;
  let left = interval;
  let restart: u32 = 0;
  for (let row: usize = 0; row < down; row++) {
    for (let column: usize = 0; column < across; column++) {
      if (interval > 0) {
        if (left === 0) {
          if (!isAtMarker() || load<u8>(at, 1) !== 0xd0 + restart) return 0;
          at += 2;
          restart = (restart + 1) & 7;
          buffer = 0;
          count = 0;
          madeUp = 0;
          dc0 = 0;
          dc1 = 0;
          dc2 = 0;
          left = interval;
        }
        left--;
      }
      for (let index: usize = 0; index < 3; index++) {
        const component = components + index * COMPONENT;
        const h: usize = load<u32>(component);
        const v: usize = load<u32>(component, 4);
        const stride: usize = load<u32>(component, 24);
        const plane: usize = load<u32>(component, 20) + row * v * 8 * stride + column * h * 8;
        dc = index === 0 ? dc0 : index === 1 ? dc1 : dc2;
        for (let y: usize = 0; y < v; y++) {
          for (let x: usize = 0; x < h; x++) {
            const last = decodeBlock(component, block, zigzag);
            if (last === FAILED) return 0;
            const target = plane + y * 8 * stride + x * 8;
            if (last === 0) fill(block, target, stride);
            else transform(block, target, stride);
          }
        }
        if (index === 0) dc0 = dc;
        else if (index === 1) dc1 = dc;
        else dc2 = dc;
      }
    }
    if (count < madeUp) return 0;
  }
  return isAtMarker() ? at : 0;
}

/** Whether all data before the next marker have been used, but for the bits that fill a byte. */
function isAtMarker(): bool {
  const left = count - madeUp;
  return left >= 0 && left < 8 && at + 1 < end && load<u8>(at) === 0xff;
}

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
