import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { UserError } from '../../model/errors.ts';
import type { Part } from '../shard.ts';
import { notWritten, publish, type OpenFile } from './files.ts';

const NEWLINE = 0x0a;

/** Characters of rows that wait for a slow disk before no more are taken. */
const MAX_PENDING = 1 << 20;

/** The name of a part. */
export function partFile(folder: string, { index }: Part): string {
  return path.join(folder, `part-${String(index).padStart(5, '0')}.jsonl`);
}

/** The name of a part while it is written. */
export function partialFile(folder: string, part: Part): string {
  return `${partFile(folder, part)}.partial`;
}

/** A line of a file of rows, and where it ends. */
interface Line {
  readonly text: string;
  /** Offset in bytes behind its newline. */
  readonly end: number;
}

/** Reads the complete lines of a file; what follows the last newline is left out. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  let end = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, at)]);
      rest = [];
      start = at + 1;
      end += line.length + 1;
      yield { text: line.toString('utf8'), end };
    }
    rest.push(chunk.subarray(start));
  }
}

/** Writes the rows of one part, in order, and gives the file its name when it is complete. */
export class PartWriter {
  readonly #folder: string;
  readonly #part: Part;
  readonly #handle: FileHandle;
  /** Rows that are not being written yet. */
  #pending = '';
  #flushing: Promise<void> | undefined;
  #failure: UserError | undefined;

  private constructor(folder: string, part: Part, handle: FileHandle) {
    this.#folder = folder;
    this.#part = part;
    this.#handle = handle;
  }

  /**
   * Opens a part that may have been begun.
   *
   * @param length bytes of its complete lines; whatever follows them is removed
   * @throws UserError `output-not-writable` or `disk-full`
   */
  static async open(folder: string, part: Part, length: number, openFile: OpenFile = open): Promise<PartWriter> {
    const file = partialFile(folder, part);
    try {
      const handle = await openFile(file, 'a');
      await handle.truncate(length);
      return new PartWriter(folder, part, handle);
    } catch (cause) {
      throw notWritten(file, cause);
    }
  }

  /**
   * Adds a row. Rows that come while others are being written are written together: each call of the system waits for
   * the pictures that are being decoded, since both use the same few threads.
   *
   * @param line without its newline
   * @throws UserError `output-not-writable` or `disk-full`, of this row or of one before
   */
  async write(line: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#pending += `${line}\n`;
    this.#flushing ??= this.#flush();
    if (this.#pending.length > MAX_PENDING) await this.#written();
  }

  /** Writes what is pending, until nothing is. Never rejects. */
  async #flush(): Promise<void> {
    try {
      while (this.#pending !== '') {
        const lines = this.#pending;
        this.#pending = '';
        await this.#handle.appendFile(lines);
      }
    } catch (cause) {
      this.#failure = notWritten(partialFile(this.#folder, this.#part), cause);
    } finally {
      this.#flushing = undefined;
    }
  }

  async #written(): Promise<void> {
    await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Gives the file its name. */
  async complete(): Promise<void> {
    await this.#written();
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await publish(partialFile(this.#folder, this.#part), partFile(this.#folder, this.#part));
    } catch (cause) {
      throw notWritten(partFile(this.#folder, this.#part), cause);
    }
  }

  /** Leaves the file, with the rows so far, for another run to go on. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.#handle.close();
  }
}
