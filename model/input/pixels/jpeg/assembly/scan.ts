import { COMPONENT } from './component';
import { fill, transform } from './idct';

/** Bits that are looked up at once; longer codes are searched. ../tables.ts has the same. */
const LOOKUP_BITS: u32 = 10;
// Offsets in a Huffman table, in bytes: see ../tables.ts.
const MOST_CODES: usize = 4096;
const FIRST_SYMBOLS: usize = MOST_CODES + 4 * 17;
const SYMBOLS: usize = FIRST_SYMBOLS + 4 * 17;

// The state of reading bits. The buffer has its next bit on top; below its `count` bits it may have some of those that
// follow. The bytes are read from higher addresses to lower ones, so that eight of them are a number as they are.
let buffer: u64 = 0;
let count: i32 = 0;
let at: usize = 0;
let end: usize = 0;

/**
 * Copies entropy-coded data up to the next marker, backwards and without the zero stuffed after each 0xff, and begins to
 * read there.
 *
 * @param target the end of room for as many bytes as there are, and 16
 * @returns the address of the marker, or 0 if there is none
 */
function beginAt(source: usize, limit: usize, target: usize): usize {
  at = target;
  buffer = 0;
  count = 0;
  const ones = i8x16.splat(-1);
  while (source + 1 < limit) {
    const bytes = v128.load(source);
    v128.store(target - 16, v128.shuffle<i8>(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    const found = i8x16.bitmask(i8x16.eq(bytes, ones));
    const plain: usize = found === 0 ? 16 : ctz(found);
    source += plain;
    target -= plain;
    if (found === 0 || source + 1 >= limit) continue;
    if (load<u8>(source, 1) !== 0) {
      end = target;
      return source;
    }
    source += 2;
    target -= 1;
  }
  return 0;
}

/** How many bits are left; negative if more were read than there are. */
function bitsLeft(): i32 {
  return ((<i32>(at - end)) << 3) + count;
}

/** Whether all data were used, but for the bits that fill a byte. */
function isUsedUp(): bool {
  return <u32>bitsLeft() < 8;
}

/** The length and, from bit 8, the symbol of the code on top of `bits`, which has more than LOOKUP_BITS; 0: none. */
function longCode(table: usize, bits: u64): i32 {
  const top = <i32>(bits >> 48);
  for (let length: i32 = LOOKUP_BITS + 1; length <= 16; length++) {
    const code = top >> (16 - length);
    if (code > load<i32>(table + (length << 2), MOST_CODES)) continue;
    return length | ((<i32>load<u8>(table + code + load<i32>(table + (length << 2), FIRST_SYMBOLS), SYMBOLS)) << 8);
  }
  return 0;
}

/** What a table says about the bits on top: see ../tables.ts. */
function look(table: usize, bits: u64): i32 {
  return load<i32>(table + ((<usize>(bits >> (64 - LOOKUP_BITS))) << 2));
}

/** The `size` bits on top as a signed difference: those that begin with 0 are negative. size is 1 to 15. */
function difference(bits: u64, size: u32): i32 {
  const isNegative = <i32>((bits >> 63) ^ 1);
  return <i32>(bits >> (64 - size)) - (((1 << size) - 1) & -isNegative);
}

/** The last DC coefficient of the component, before dequantization. */
let dc: i32 = 0;
const FAILED: i32 = -1;

/** Reads the difference of a DC coefficient, and adds it to `dc`. @returns false if it is damaged or unusual */
function readDc(table: usize): bool {
  let bits = buffer | (load<u64>(at - 8) >> count);
  at -= (63 - count) >> 3;
  let available = count | 56;
  let entry = look(table, bits);
  let value = entry >> 16;
  if (value === 0) {
    if (entry === 0) entry = longCode(table, bits);
    const size = entry >> 8;
    if (entry === 0 || size > 11) return false;
    bits <<= entry & 31;
    available -= entry & 31;
    if (size > 0) value = difference(bits, size);
    entry = size;
  }
  buffer = bits << (entry & 31);
  count = available - (entry & 31);
  dc += value;
  return true;
}

/**
 * Decodes and dequantizes a block, of which `block` has zeros before. Sums of 16 bits do not overflow in the IDCT, as
 * coefficients far outside of what 8-bit samples give count as unusual.
 *
 * @returns the last index that is not 0
 */
function decodeBlock(component: usize, block: usize): i32 {
  const steps: usize = load<u32>(component, 8);
  const table: usize = load<u32>(component, 16);
  if (!readDc(load<u32>(component, 12))) return FAILED;
  const first = load<u32>(steps);
  const dcCoefficient = dc * <i32>(first >> 16);
  store<i16>(block, <i16>dcCoefficient);
  // The coefficient before dequantization as well: it adds up, and the product might overflow.
  let excess = (dcCoefficient + 4096) | (dc + 4096);
  // Globals cost a load and a store each time.
  let bits = buffer;
  let available = count;
  let from = at;
  let index: i32 = 0;
  while (index < 63) {
    // A code and its bits are at most 27: there are 56 now.
    bits |= load<u64>(from - 8) >> available;
    from -= (63 - available) >> 3;
    available |= 56;
    let entry = look(table, bits);
    let value = entry >> 16;
    if (value === 0) {
      if (entry === 0) entry = longCode(table, bits);
      bits <<= entry & 31;
      available -= entry & 31;
      const size = (entry >> 8) & 15;
      if (size === 0) {
        // No code, or a symbol without a meaning.
        if (entry === 0 || (entry >> 12 !== 15 && entry >> 12 !== 0)) return FAILED;
        if (entry >> 12 === 0) break;
        index += 16;
        continue;
      }
      if (size > 10) return FAILED;
      value = difference(bits, size);
      index += (entry >> 12) + 1;
      entry = size;
    } else {
      index += (entry >> 8) & 31;
    }
    bits <<= entry & 31;
    available -= entry & 31;
    // There are steps beyond the last index.
    const step = load<u32>(steps + (index << 2));
    const coefficient = value * <i32>(step >> 16);
    excess |= coefficient + 4096;
    store<i16>(block + (step & 0xffff), <i16>coefficient);
  }
  buffer = bits;
  count = available;
  at = from;
  return index > 63 || <u32>excess > 8191 ? FAILED : index;
}

/**
 * Decodes a scan with three components into their planes.
 *
 * @param source the entropy-coded data
 * @param limit the end of the file
 * @param copy the end of room for the data as they are read: as many bytes as from source to limit, and 2048
 * @param across number of MCUs in a row
 * @param down number of rows of MCUs
 * @param interval MCUs between restarts, or 0
 * @param components three descriptions, see COMPONENT
 * @param block 128 bytes of zeros, and 2 more
 * @returns the address of the marker after the data, or 0 if they are damaged or unusual
 */
export function decodeScan(
  source: usize,
  limit: usize,
  copy: usize,
  across: usize,
  down: usize,
  interval: u32,
  components: usize,
  block: usize,
): usize {
  let marker = beginAt(source, limit, copy);
  if (marker === 0) return 0;
  let dc0: i32 = 0;
  let dc1: i32 = 0;
  let dc2: i32 = 0;
  let left = interval;
  let restart: u32 = 0;
  for (let row: usize = 0; row < down; row++) {
    for (let column: usize = 0; column < across; column++) {
      if (interval > 0) {
        if (left === 0) {
          if (!isUsedUp() || load<u8>(marker, 1) !== 0xd0 + restart) return 0;
          marker = beginAt(marker + 2, limit, copy);
          if (marker === 0) return 0;
          restart = (restart + 1) & 7;
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
            const last = decodeBlock(component, block);
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
      // An MCU is at most 1249 bytes.
      if (bitsLeft() < 0) return 0;
    }
  }
  return isUsedUp() ? marker : 0;
}
