import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { reasonOf } from '../system-reason.ts';
import type { ListedFile } from './listing.ts';

/** A stretch of a file: bytes `from` (included) to `to` (excluded), of which the first `done` are there. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  done: number;
}

const stateSchema = z.strictObject({
  format: z.literal(1),
  bytes: z.int(),
  sha256: z.string(),
  pieceBytes: z.int().positive(),
  /** Bytes that are there of each piece. */
  done: z.array(z.int().nonnegative()),
});
type State = z.infer<typeof stateSchema>;

/** How much a killed process may lose, in milliseconds of fetching. */
const SAVE_EVERY_MS = 1000;
/** What a stretch of zeros is compared with. */
const ZEROS = Buffer.alloc(1 << 20);

/**
 * A file on its way: `<name>.partial` with the bytes at their final places, and `<name>.partial.json` with what of
 * them is there. The second never runs ahead of the first, so that a killed process can go on.
 */
export class PartialFile {
  readonly file: ListedFile;
  /** Bytes that were there from an earlier run. */
  readonly resumed: number;
  /** Whether parts of this file have come as parts, and not only the whole of it from its beginning. */
  ranged: boolean;
  readonly #target: string;
  readonly #handle: FileHandle;
  readonly #pieceBytes: number;
  #pieces: Piece[];
  #saved = Date.now();
  #saving: Promise<void> | undefined;

  private constructor(
    target: string,
    file: ListedFile,
    handle: FileHandle,
    pieceBytes: number,
    pieces: Piece[],
  ) {
    this.#target = target;
    this.file = file;
    this.#handle = handle;
    this.#pieceBytes = pieceBytes;
    this.#pieces = pieces;
    this.resumed = this.done;
    this.ranged = pieces.length > 1 && this.done > 0;
  }

  /**
   * Opens what an earlier run left of a file, if it was this very file, or begins.
   *
   * @param pieceBytes size of the pieces of a file that begins
   * @throws UserError (output-not-writable, disk-full)
   */
  static async open(folder: string, file: ListedFile, pieceBytes: number): Promise<PartialFile> {
    const target = path.join(folder, file.name);
    return onDisk(target, async () => {
      await mkdir(path.dirname(target), { recursive: true });
      const left = await PartialFile.#reopen(target, file);
      if (left !== undefined) return left;
      const handle = await open(`${target}.partial`, 'w+');
      await handle.truncate(file.bytes);
      return new PartialFile(target, file, handle, pieceBytes, cut(file.bytes, pieceBytes));
    });
  }

  static async #reopen(target: string, file: ListedFile): Promise<PartialFile | undefined> {
    const state = await readState(`${target}.partial.json`);
    if (state?.bytes !== file.bytes || state.sha256 !== file.sha256) return undefined;
    const pieces = cut(file.bytes, state.pieceBytes);
    const fits = pieces.every(({ from, to }, at) => (state.done[at] ?? Infinity) <= to - from);
    if (!fits || state.done.length !== pieces.length) return undefined;
    const handle = await open(`${target}.partial`, 'r+').catch(() => undefined);
    if (handle === undefined) return undefined;
    if ((await handle.stat()).size !== file.bytes) {
      await handle.close();
      return undefined;
    }
    const filled = pieces.map((piece, at) => ({ ...piece, done: state.done[at] ?? 0 }));
    return new PartialFile(target, file, handle, state.pieceBytes, filled);
  }

  /** Where the bytes are until the file is whole. */
  get path(): string {
    return `${this.#target}.partial`;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /** Bytes that are there. */
  get done(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.done, 0);
  }

  /**
   * Writes the next bytes of a piece. Zeros are left as a hole: the file began as one.
   *
   * @throws UserError (output-not-writable, disk-full)
   */
  async write(piece: Piece, bytes: Uint8Array): Promise<void> {
    await onDisk(this.#target, async () => {
      let written = isZero(bytes) ? bytes.length : 0;
      while (written < bytes.length) {
        const position = piece.from + piece.done + written;
        const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, position);
        written += bytesWritten;
      }
    });
    piece.done += bytes.length;
    const due = Date.now() - this.#saved >= SAVE_EVERY_MS;
    if (due && this.#saving === undefined) await this.save();
  }

  /** Records what is there, once what is being recorded already is: two at a time would take the other's new file. */
  save(): Promise<void> {
    const before = this.#saving?.catch(() => undefined) ?? Promise.resolve();
    const saving = before
      .then(() => onDisk(this.#target, () => this.#writeState()))
      .finally(() => {
        if (this.#saving === saving) this.#saving = undefined;
      });
    this.#saving = saving;
    return saving;
  }

  /** Forgets what is there, and makes one piece of the whole where a server sends no other. */
  async restart(whole: boolean): Promise<void> {
    await this.#saving;
    this.#pieces = cut(this.file.bytes, whole ? Math.max(1, this.file.bytes) : this.#pieceBytes);
    await onDisk(this.#target, async () => {
      await rm(`${this.#target}.partial.json`, { force: true });
      // Emptied first, so that it is a hole again.
      await this.#handle.truncate(0);
      await this.#handle.truncate(this.file.bytes);
    });
  }

  async close(): Promise<void> {
    await this.#saving;
    await this.#handle.close();
  }

  /** Gives the finished file, closed before, its name. */
  async finish(): Promise<void> {
    await onDisk(this.#target, async () => {
      await rename(this.path, this.#target);
      await removeLeftovers(this.#target);
    });
  }

  /** Removes what is there, closed before. */
  async discard(): Promise<void> {
    await removeLeftovers(this.#target);
  }

  async #writeState(): Promise<void> {
    this.#saved = Date.now();
    const whole = this.#pieces.length === 1;
    const state: State = {
      format: 1,
      bytes: this.file.bytes,
      sha256: this.file.sha256,
      pieceBytes: whole ? Math.max(1, this.file.bytes) : this.#pieceBytes,
      done: this.#pieces.map((piece) => piece.done),
    };
    // The state must not outlive the bytes that it claims when the machine loses power.
    await this.#handle.datasync();
    const file = `${this.#target}.partial.json`;
    await writeFile(`${file}.new`, JSON.stringify(state));
    await rename(`${file}.new`, file);
  }
}

/** Removes what interrupted runs left of a file. */
export async function removeLeftovers(target: string): Promise<void> {
  for (const suffix of ['.partial', '.partial.json', '.partial.json.new']) {
    await rm(`${target}${suffix}`, { force: true });
  }
}

/** Bytes that an interrupted run left of a file, whether or not they are of use. */
export async function bytesLeft(folder: string, file: ListedFile): Promise<number> {
  const state = await readState(`${path.join(folder, file.name)}.partial.json`);
  if (state?.sha256 !== file.sha256) return 0;
  return state.done.reduce((sum, bytes) => sum + bytes, 0);
}

async function readState(file: string): Promise<State | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    // Torn or of another version: as good as none.
    return undefined;
  }
}

function cut(bytes: number, pieceBytes: number): Piece[] {
  return Array.from({ length: Math.ceil(bytes / pieceBytes) }, (_, at) => ({
    from: at * pieceBytes,
    to: Math.min(bytes, (at + 1) * pieceBytes),
    done: 0,
  }));
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.length <= ZEROS.length && ZEROS.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

/**
 * Does something on the disk.
 *
 * @param deed what is done to the target, for the sentence
 * @throws UserError (disk-full, output-not-writable) in place of a system error
 */
export async function onDisk<T>(
  target: string,
  work: () => Promise<T>,
  deed: 'written' | 'read' = 'written',
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const full = 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    const advice = full ? '; make room and run the same command again' : '';
    throw new UserError(
      full ? 'disk-full' : 'output-not-writable',
      `${target} cannot be ${deed}: ${reasonOf(error)}${advice}.`,
      { cause: error },
    );
  }
}
