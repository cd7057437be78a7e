import type { InputFile } from './file.ts';

/** Bytes that are read at once. */
const WINDOW = 1 << 20;

/** A file that is read at increasing positions, mostly a little at a time: what follows is read along. */
export function readAhead(file: InputFile): InputFile {
  let windowStart = 0;
  let window: Uint8Array = new Uint8Array();
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    if (start >= file.size) return new Uint8Array();
    if (start < windowStart || end > windowStart + window.length) {
      window = await file.read(start, Math.min(file.size, Math.max(end, start + WINDOW)));
      windowStart = start;
    }
    return window.subarray(start - windowStart, end - windowStart);
  };
  return { ...file, read };
}
