import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { abortable } from '../../abort.ts';
import { sourceFlags } from '../../source-flags.ts';
import { Budget } from './budget.ts';
import { PixelsError } from './error.ts';
import type { OrientationMode } from './orientation.ts';
import { probe as probeImage } from './probe.ts';
import type { PixelsResult, PixelsTask } from './worker.ts';
import { yieldingChunks } from '../yielding-chunks.ts';

export { PixelsError, type PixelsErrorCode } from './error.ts';
export type { OrientationMode } from './orientation.ts';

/** Most pixels along a side of the result. Models use a few hundred. */
const MAX_SIZE = 4096;
/** More threads would take CPU time from the engine. */
const MAX_THREADS = 4;
/** Memory that decoding may use in total. The largest images that are accepted need about as much. */
const MEMORY_BYTES = 2 ** 30;

const threads = Math.min(MAX_THREADS, availableParallelism());
const budget = new Budget(threads, MEMORY_BYTES);
let pool: Piscina<PixelsTask, PixelsResult> | undefined;

/** Creates the pool of worker threads. They are started on demand, and do not keep the process alive when idle. */
function createPool(): Piscina<PixelsTask, PixelsResult> {
  const fromSource = import.meta.url.endsWith('.ts');
  const worker = new URL(fromSource ? './worker.ts' : './worker.js', import.meta.url);
  return new Piscina<PixelsTask, PixelsResult>({
    filename: fileURLToPath(worker),
    execArgv: sourceFlags(worker),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: Infinity,
  });
}

export interface ToPixelsOptions {
  readonly signal?: AbortSignal;
  /** @default 'upright' */
  readonly orientation?: OrientationMode;
}

/**
 * Converts an image file to the model's pixels: bit for bit the result of Pillow's `open(...)`,
 * `ImageOps.exif_transpose`, `convert('RGB')` and bicubic `resize((size, size))`, for JPEG, PNG, WebP, GIF (first frame)
 * and TIFF (first page). Runs in a pool of worker threads, within a memory budget.
 *
 * @param bytes the file; it is copied and may be reused once the promise settles
 * @param size pixels along each side of the result, 1 to 4096; the aspect ratio is not kept
 * @param options.orientation 'upright' turns the image as its EXIF or XMP says; 'stored' leaves out `exif_transpose`,
 *   and so turns only a TIFF, as Pillow does when it opens one
 * @param options.signal rejects the promise with its reason. An image that is waiting is dropped. One that is being
 *   decoded is decoded to the end, since the decoder cannot be interrupted
 * @returns size * size * 3 bytes: rows from top to bottom, RGB
 * @throws PixelsError if the image is 'unsupported', 'corrupt' or 'too-large'
 */
export async function toPixels(
  bytes: Uint8Array,
  size: number,
  { signal, orientation = 'upright' }: ToPixelsOptions = {},
): Promise<Uint8Array> {
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) {
    throw new RangeError(`The size of the pixels must be a whole number from 1 to ${MAX_SIZE}, not ${size}.`);
  }
  signal?.throwIfAborted();
  const probe = await probeImage(bytes);
  const work = async (): Promise<PixelsResult> => {
    // Copied, because the buffer is transferred to the thread and the file may be a view of a larger one.
    const copy = new Uint8Array(bytes.length);
    let copied = 0;
    for await (const part of yieldingChunks(bytes)) {
      copy.set(part, copied);
      copied += part.length;
    }
    pool ??= createPool();
    return pool.run({ bytes: copy, probe, orientation, size }, { transferList: [copy.buffer] });
  };
  const result = await abortable(budget.run(probe.memory, work, signal), signal);
  if (typeof result === 'string') throw new PixelsError(result);
  return result;
}

/**
 * Stops the worker threads once they are idle. The process can exit without this. The next call of `toPixels` starts
 * new threads.
 */
export async function closePixels(): Promise<void> {
  const closing = pool;
  pool = undefined;
  await closing?.close();
}
