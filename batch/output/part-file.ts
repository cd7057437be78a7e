import { open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { UserError } from '../../model/errors.ts';
import { notWritten } from '../../model/not-written.ts';
import type { Part } from '../shard.ts';
import type { OpenFile } from './files.ts';
import type { ResultFormat } from './format.ts';
import { readPartial, writeResults } from './lines.ts';
import type { WritableFolder } from './result-folder.ts';

/** Characters of rows that wait for a slow disk before no more are taken. */
const MAX_PENDING = 1 << 20;

/** The name of a part. */
export function partName({ index }: Part, format: ResultFormat): string {
  return `part-${String(index).padStart(5, '0')}.${format}`;
}

/** Whether a path in the folder of a run's results is that of a part, of the run or of one of its shards. */
export function isResultFile(name: string): boolean {
  return /^(shard-\d+-of-\d+\/)?part-\d{5,}\.(jsonl|parquet)$/.test(name);
}

/** Whether a file in the folder of a run has rows of a part, which may be incomplete. */
export function hasRows(name: string): boolean {
  return /^_?part-\d{5,}\.(jsonl|parquet)(\.partial)?$/.test(name);
}

/** Where the rows of a part are written until it is complete: lines of JSON, which can be continued, in any case. */
export function partialFile(folder: WritableFolder, part: Part): string {
  return incomplete(folder, partName(part, 'jsonl'));
}

/** Where a file is until it is complete. Readers of folders of tables, such as Spark's and Arrow's, skip such names. */
function incomplete({ workFolder }: WritableFolder, name: string): string {
  return path.join(workFolder, `_${name}.partial`);
}

interface PartOptions {
  readonly folder: WritableFolder;
  readonly part: Part;
  readonly format: ResultFormat;
  /** @default node:fs's */
  readonly openFile: OpenFile | undefined;
}

/** Writes the rows of one part, in order, and gives the file its name when it is complete. */
export class PartWriter {
  readonly #options: PartOptions;
  readonly #file: string;
  readonly #handle: FileHandle;
  /** Rows that are not being written yet. */
  #pending = '';
  #flushing: Promise<void> | undefined;
  #failure: UserError | undefined;

  private constructor(options: PartOptions, file: string, handle: FileHandle) {
    this.#options = options;
    this.#file = file;
    this.#handle = handle;
  }

  /**
   * Opens a part that may have been begun.
   *
   * @param length bytes of its complete lines; whatever follows them is removed
   * @throws UserError `output-not-writable` or `disk-full`
   */
  static async open(options: PartOptions, length: number): Promise<PartWriter> {
    const { openFile = open } = options;
    const file = partialFile(options.folder, options.part);
    try {
      const handle = await openFile(file, 'a');
      await handle.truncate(length);
      return new PartWriter(options, file, handle);
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
      this.#failure = notWritten(this.#file, cause);
    } finally {
      this.#flushing = undefined;
    }
  }

  async #written(): Promise<void> {
    await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Gives the file its name, in the format of the results. */
  async complete(): Promise<void> {
    await this.#written();
    const { folder, part, format } = this.#options;
    const name = partName(part, format);
    try {
      await this.#handle.sync();
      await this.#handle.close();
      if (format === 'jsonl') {
        await folder.publish(this.#file, name);
        return;
      }
      const converted = incomplete(folder, name);
      // Not the part, which may be in a bucket: what is full then is the disk.
      await this.#convert(converted).catch((cause: unknown) => {
        throw notWritten(converted, cause);
      });
      await folder.publish(converted, name);
      await rm(this.#file);
    } catch (cause) {
      throw notWritten(folder.address(name), cause);
    }
  }

  async #convert(converted: string): Promise<void> {
    const { openFile = open, format } = this.#options;
    const handle = await openFile(converted, 'w');
    try {
      await writeResults(textsOf(readPartial(this.#file)), format, handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Leaves the file, with the rows so far, for another run to go on. */
  async close(): Promise<void> {
    await this.#flushing;
    await this.#handle.close();
  }
}

async function* textsOf(lines: AsyncIterable<{ readonly text: string }>): AsyncGenerator<string> {
  for await (const { text } of lines) yield text;
}
