import type { InputFile } from './file.ts';

/** Bytes that are read at once from a disk. */
const WINDOW = 1 << 20;

/** A file that is read at increasing positions, mostly a little at a time. */
export interface SequentialFile extends InputFile {
  /** Stops reading ahead. */
  close(): Promise<void>;
}

/** Reads more than is asked for: all of a file in a bucket, by one request, and a window of a file on a disk. */
export function readAhead(file: InputFile): SequentialFile {
  return file.isLocal ? inWindows(file) : asStream(file);
}

function inWindows(file: InputFile): SequentialFile {
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
  return { ...file, read, close: () => Promise.resolve() };
}

function asStream(file: InputFile): SequentialFile {
  const chunks = file.stream()[Symbol.asyncIterator]();
  /** What has arrived and may still be asked for; `position` is where it starts in the file. */
  let buffer: Uint8Array = new Uint8Array();
  let position = 0;
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    if (start < position) return file.read(start, end);
    for (;;) {
      const behind = Math.min(start - position, buffer.length);
      buffer = buffer.subarray(behind);
      position += behind;
      if (position + buffer.length >= end) return buffer.subarray(0, end - position);
      const next = await chunks.next();
      if (next.done === true) return position < start ? new Uint8Array() : buffer;
      buffer = buffer.length === 0 ? next.value : Buffer.concat([buffer, next.value]);
    }
  };
  return {
    ...file,
    read,
    close: async () => {
      await chunks.return?.();
    },
  };
}
