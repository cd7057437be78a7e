/** Bits of a code that are looked up at once. */
const LOOKUP_BITS = 9;
const LONGEST = 16;
// Offsets in words of 32 bits: see assembly/decoder.ts.
const MOST_CODES = 1024 / 4;
const FIRST_SYMBOLS = MOST_CODES + LONGEST + 1;
const SYMBOLS = FIRST_SYMBOLS + LONGEST + 1;
/** Bytes of a table in the decoder's memory. */
export const TABLE_BYTES = SYMBOLS * 4 + 256;

/**
 * Writes a Huffman table for the decoder: for each beginning of LOOKUP_BITS bits the length of the code (in the high
 * byte) and its symbol, or 0 if the code is longer; for each length the greatest code (-1: none), and what has to be
 * added to a code for the index of its symbol; the symbols.
 *
 * @param table TABLE_BYTES bytes
 * @param counts the number of codes of each length, 1 to 16
 * @param symbols those of all codes, in order
 * @returns false if there are more codes of a length than can be
 */
export function writeTable(table: Uint8Array, counts: Uint8Array, symbols: Uint8Array): boolean {
  const words = new Int32Array(table.buffer, table.byteOffset, SYMBOLS);
  const lookup = new Uint16Array(table.buffer, table.byteOffset, 1 << LOOKUP_BITS).fill(0);
  table.set(symbols, SYMBOLS * 4);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= LONGEST; length++) {
    const count = counts[length - 1] ?? 0;
    words[FIRST_SYMBOLS + length] = index - code;
    for (let left = count; left > 0; left--, code++, index++) {
      if (length > LOOKUP_BITS) continue;
      const first = code << (LOOKUP_BITS - length);
      const entry = (length << 8) | (symbols[index] ?? 0);
      for (let rest = (1 << (LOOKUP_BITS - length)) - 1; rest >= 0; rest--) lookup[first + rest] = entry;
    }
    // The code of ones alone is reserved.
    if (code >= 1 << length) return false;
    words[MOST_CODES + length] = count > 0 ? code - 1 : -1;
    code <<= 1;
  }
  return true;
}
