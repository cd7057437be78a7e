import { COMPONENT } from './component';
import { fill, transform } from './idct';

/** Bits of a code that are looked up at once; longer ones are searched. ../tables.ts has the same. */
const LOOKUP_BITS: u32 = 9;
// Offsets in a Huffman table, in bytes: see ../tables.ts.
const MOST_CODES: usize = 1024;
const FIRST_SYMBOLS: usize = MOST_CODES + 4 * 17;
const SYMBOLS: usize = FIRST_SYMBOLS + 4 * 17;

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
