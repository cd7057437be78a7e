import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Opening a named pipe waits for a writer unless this is given. Regular files ignore it, and Windows does not have it.
 */
const FLAGS = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

/** Most bytes of a single read: Node.js does not read 2 GiB or more at once. */
const MOST_READ_BYTES = 2 ** 28;

/** Least bytes of a chunk. */
const LEAST_CHUNK_BYTES = 64 << 10;

/**
 * Opens a file for reading whose path a user has given. Reading a named pipe or a device could take for ever.
 *
 * @throws Error for what is not a regular file, with a message that ends the sentence "... cannot be read: "
 */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, FLAGS);
  try {
    check(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Fills a buffer of any length from a position of a file, however little the system reads at once.
 *
 * @returns how many bytes there are, fewer than the buffer's if the file ends before
 */
export async function fill(handle: Pick<FileHandle, 'read'>, target: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(MOST_READ_BYTES, target.length - done);
    const { bytesRead } = await handle.read(target, done, length, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * Reads a file whose path a user has given, from its start to its end.
 *
 * @param most bytes of a chunk; a smaller file gets no memory for more, which V8 would collect garbage for
 * @throws as {@link openRegular}
 */
export async function* readChunks(path: string, most: number): AsyncGenerator<Buffer, void> {
  const handle = await openRegular(path);
  const { size } = await handle.stat();
  // A file may have no size, such as those of /proc, or grow.
  const highWaterMark = Math.min(most, Math.max(size, LEAST_CHUNK_BYTES));
  yield* handle.createReadStream({ highWaterMark }) as AsyncIterable<Buffer>;
}

/** Reads a whole file whose path a user has given. @throws as {@link openRegular} */
export async function readRegular(path: string): Promise<Buffer> {
  const handle = await openRegular(path);
  return handle.readFile().finally(() => handle.close());
}

/**
 * Reads a whole text whose path a user has given, without a byte order mark.
 *
 * @throws as {@link openRegular}, and in the same way for what is not UTF-8, of which replacement characters would remain
 */
export async function readRegularText(path: string): Promise<string> {
  const bytes = await readRegular(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error('it is not UTF-8; save it in that encoding', { cause });
  }
}

/** As {@link openRegular}, at once. @returns the file descriptor */
export function openRegularSync(path: string): number {
  const descriptor = openSync(path, FLAGS);
  try {
    check(fstatSync(descriptor));
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** As {@link readRegular}, at once. */
export function readRegularSync(path: string): Buffer {
  const descriptor = openRegularSync(path);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function check(stats: Stats): void {
  if (stats.isFile()) return;
  throw new Error(`it is ${kindOf(stats)}, not a regular file`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}
