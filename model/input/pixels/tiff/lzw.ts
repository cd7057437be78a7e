const CLEAR = 256;
const END = 257;
const FIRST_FREE = 258;
const MAX_CODES = 4096;

/**
 * Expands LZW as TIFF has it (TIFF 6.0, section 13). Old writers begin with the lowest bit, and widen the codes one code
 * later, as in GIF; such data are recognized as libtiff does.
 *
 * @param target is filled from its start
 * @returns how many bytes were written; less than its length if the data end early or are damaged
 */
export function expandLzw(data: Uint8Array, target: Uint8Array): number {
  const isOld = data[0] === 0 && ((data[1] ?? 0) & 1) === 1;
  // A string of the table is a place of the target where it stands: each one continues the one before it there.
  const starts = new Uint32Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES);
  const widening = isOld ? 0 : 1;
  let free = FIRST_FREE;
  let width = 9;
  let buffer = 0;
  let bits = 0;
  let from = 0;
  let to = 0;
  let previousStart = 0;
  let previousLength = 0;
  while (to < target.length) {
    while (bits < width) {
      if (from === data.length) return to;
      const byte = data[from++] ?? 0;
      buffer = isOld ? buffer | (byte << bits) : ((buffer << 8) | byte) & 0xff_ffff;
      bits += 8;
    }
    const code = (isOld ? buffer : buffer >> (bits - width)) & ((1 << width) - 1);
    if (isOld) buffer >>= width;
    bits -= width;
    if (code === END) return to;
    if (code === CLEAR) {
      free = FIRST_FREE;
      width = 9;
      previousLength = 0;
      continue;
    }
    const start = to;
    if (code < CLEAR) {
      target[to++] = code;
    } else {
      if (code > free || (code === free && previousLength === 0)) return to;
      // The string that is being added is the previous one, and its own first byte.
      const source = code === free ? previousStart : (starts[code] ?? 0);
      const length = code === free ? previousLength + 1 : (lengths[code] ?? 0);
      const end = Math.min(to + length, target.length);
      for (let at = source; to < end; at++) target[to++] = target[at] ?? 0;
    }
    if (previousLength > 0 && free < MAX_CODES) {
      starts[free] = previousStart;
      lengths[free] = previousLength + 1;
      free++;
      if (free + widening >= 1 << width && width < 12) width++;
    }
    previousStart = start;
    previousLength = to - start;
  }
  return to;
}
