const MAX_CODES = 4096;

/**
 * Expands LZW as TIFF has it (TIFF 6.0, section 13). Old writers begin with the lowest bit, and widen the codes one code
 * later, as in GIF; such data are recognized as libtiff does.
 *
 * @param target is filled from its start
 * @returns how many bytes were written; less than its length if the data end early or are damaged
 */
export function expandTiffLzw(data: Uint8Array, target: Uint8Array): number {
  return expand(data, target, 8, data[0] === 0 && ((data[1] ?? 0) & 1) === 1);
}

/**
 * Expands LZW as GIF has it (GIF89a, appendix F). The code for its end may be missing.
 *
 * @param data of all blocks
 * @param symbolBits the code size that precedes the data
 * @param target as for TIFF
 */
export function expandGifLzw(data: Uint8Array, target: Uint8Array, symbolBits: number): number {
  return expand(data, target, symbolBits, true);
}

/** @param isOld as GIF and old writers of TIFF have it */
function expand(data: Uint8Array, target: Uint8Array, symbolBits: number, isOld: boolean): number {
  const clear = 1 << symbolBits;
  // A string of the table is kept as its position in the target, where it continues the string before it.
  const starts = new Uint32Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES);
  const widening = isOld ? 0 : 1;
  let free = clear + 2;
  let width = symbolBits + 1;
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
    if (code === clear + 1) return to;
    if (code === clear) {
      free = clear + 2;
      width = symbolBits + 1;
      previousLength = 0;
      continue;
    }
    const start = to;
    if (code < clear) {
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
      if (free + widening === 1 << width && width < 12) width++;
    }
    previousStart = start;
    previousLength = to - start;
  }
  return to;
}
