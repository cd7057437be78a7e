import type { HuffmanTable } from './frame.ts';

/** Bits that are looked up at once. */
const LOOKUP_BITS = 10;
const LONGEST = 16;
// Offsets in words of 32 bits: see assembly/scan.ts.
const MOST_CODES = 1 << LOOKUP_BITS;
const FIRST_SYMBOLS = MOST_CODES + LONGEST + 1;
const SYMBOLS = FIRST_SYMBOLS + LONGEST + 1;
/** Bytes of a Huffman table in the decoder's memory. */
export const TABLE_BYTES = SYMBOLS * 4 + 256;

/** Coefficients of a block, and further ones that a run may lead to from the last but one. */
const STEPS = 63 + 16;
/** Bytes of a table of steps in the decoder's memory. */
export const STEPS_BYTES = STEPS * 4;

/** Natural indices of the 64 coefficients in the order in which a file has them, from ITU-T T.81, figure A.6. */
// prettier-ignore
const ZIGZAG = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
);

/**
 * Writes a table of steps for the decoder: for each coefficient, in the order of the file, its offset in a block in bytes
 * and, in the high half, its quantization factor. Further ones have the offset after a block.
 *
 * @param table STEPS_BYTES bytes
 * @param quantization 64 factors, in the order of the file
 */
export function writeSteps(table: Uint8Array, quantization: Uint8Array): void {
  const steps = new Uint32Array(table.buffer, table.byteOffset, STEPS).fill(2 * ZIGZAG.length);
  for (const [index, natural] of ZIGZAG.entries()) steps[index] = (2 * natural) | ((quantization[index] ?? 0) << 16);
}

/**
 * Writes a Huffman table for the decoder. It has, for each beginning of LOOKUP_BITS bits, a word:
 *
 * - of a code and its coefficient: the number of their bits, from bit 8 the run and one, from bit 16 the coefficient;
 * - of a code whose coefficient is 0 or does not fit: the number of its bits, and from bit 8 its symbol;
 * - 0 if the code is longer.
 *
 * Then, for each length, the greatest code (-1: none), and what has to be added to a code for the index of its symbol;
 * then the symbols.
 *
 * @param table TABLE_BYTES bytes
 * @returns false if there are more codes of a length than can be
 */
export function writeTable(table: Uint8Array, { counts, symbols }: HuffmanTable): boolean {
  const words = new Int32Array(table.buffer, table.byteOffset, SYMBOLS);
  const lookup = words.subarray(0, 1 << LOOKUP_BITS).fill(0);
  table.set(symbols, SYMBOLS * 4);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= LONGEST; length++) {
    const count = counts[length - 1] ?? 0;
    words[FIRST_SYMBOLS + length] = index - code;
    for (let left = count; left > 0; left--, code++, index++) {
      if (length <= LOOKUP_BITS) writeEntries(lookup, code, length, symbols[index] ?? 0);
    }
    // The code of ones alone is reserved.
    if (code >= 1 << length) return false;
    words[MOST_CODES + length] = count > 0 ? code - 1 : -1;
    code <<= 1;
  }
  return true;
}

/** Writes the words for all beginnings that begin with a code. */
function writeEntries(lookup: Int32Array, code: number, length: number, symbol: number): void {
  const rest = LOOKUP_BITS - length;
  const first = code << rest;
  const size = symbol & 15;
  if (size === 0 || size > rest) {
    lookup.fill(length | (symbol << 8), first, first + (1 << rest));
    return;
  }
  const head = (length + size) | (((symbol >> 4) + 1) << 8);
  const unused = rest - size;
  for (let bits = 0; bits < 1 << size; bits++) {
    // Those that begin with 0 are negative: ITU-T T.81, figure F.12.
    const value = bits >> (size - 1) === 0 ? bits - (1 << size) + 1 : bits;
    const at = first + (bits << unused);
    lookup.fill(head | (value << 16), at, at + (1 << unused));
  }
}
