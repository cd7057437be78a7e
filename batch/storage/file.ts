import { stat } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import { fill, openRegular } from '../../model/regular-file.ts';
import { reasonOf } from '../../model/system-reason.ts';

/** A file that a run reads. */
export interface InputFile {
  /** As the user wrote it. */
  readonly name: string;
  /** Whether reading at any position costs little. */
  readonly isLocal: boolean;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the file does. */
  readonly stamp: string;
  /**
   * Reads all bytes in order.
   *
   * @throws UserError `input-unreadable`, or `network-unreachable` if a service does not answer
   */
  stream(): AsyncIterable<Uint8Array>;
  /**
   * Reads the bytes from `start` to `end`, without `end`; less where the file ends before.
   *
   * @throws UserError `network-unreachable` if a service does not answer; else an Error whose message is the end of a
   *   sentence, or that `reasonOf` explains
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** What an address that a user gives stands for. */
export interface FoundFiles {
  readonly kind: 'file' | 'folder' | 'pattern';
  /** The files' names in order; those of a folder are relative to it. */
  readonly names: readonly string[];
}

/** The error of an input file that cannot be read. */
export function notReadable(name: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  return new UserError('input-unreadable', `Cannot read the input ${name}: ${reasonOf(cause)}.`, { cause });
}

/**
 * Opens a file on a disk. No descriptor is kept, so that an input can have any number of files.
 *
 * @param name what the user calls it. @default its path
 * @throws UserError `input-unreadable`
 */
export async function openDiskFile(path: string, name = path): Promise<InputFile> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true }).catch((cause: unknown) => {
    throw notReadable(name, cause);
  });
  return {
    name,
    isLocal: true,
    size: Number(size),
    stamp: `${ino} ${size} ${mtimeNs}`,
    stream: () => streamOf(path, name),
    read: (start, end) => readRange(path, start, end),
  };
}

async function* streamOf(path: string, name: string): AsyncGenerator<Uint8Array> {
  const handle = await openRegular(path).catch((cause: unknown) => {
    throw notReadable(name, cause);
  });
  try {
    yield* handle.createReadStream({ highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw notReadable(name, cause);
  }
}

async function readRange(path: string, start: number, end: number): Promise<Uint8Array> {
  const handle = await openRegular(path);
  try {
    const bytes = Buffer.allocUnsafeSlow(end - start);
    return bytes.subarray(0, await fill(handle, bytes, start));
  } finally {
    await handle.close();
  }
}
