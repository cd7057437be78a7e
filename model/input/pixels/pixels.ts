import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { abortable } from '../../abort.ts';
import { requireBytes, requireChoice, requireNumber, requireOptions, requireSignal } from '../../arguments.ts';
import { MIB } from '../../bytes.ts';
import { memoryLimit } from '../../memory-limit.ts';
import { ThreadPool } from '../../thread-pool.ts';
import { withThousands } from '../../thousands.ts';
import { Budget } from '../../budget.ts';
import { PixelsError } from './error.ts';
import type { OrientationMode } from './orientation.ts';
import { probe as probeImage, type Probe } from './probe.ts';
import type { PixelsResult, PixelsTask } from './worker.ts';
import { forEachChunk } from '../chunks.ts';

export { PixelsError, type PixelsErrorCode } from './error.ts';
export type { OrientationMode } from './orientation.ts';

const ORIENTATIONS = ['upright', 'stored'] as const satisfies readonly OrientationMode[];
/** Most pixels along a side of the result. Models use a few hundred. */
const MAX_SIZE = 4096;
/** More threads would take CPU time from the engine. */
const MAX_THREADS = 4;
/** Memory of decoding an image that does not depend on its size: the decoder's tables, the kernel's, fragments. */
const BYTES_PER_IMAGE = 16 * MIB;

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

const threads = Math.min(MAX_THREADS, availableParallelism());
const budget = new Budget(threads, memoryLimit() / 2);
let pool: ThreadPool<PixelsTask, PixelsResult> | undefined;
/** The images that the pool is decoding. */
let decoding = new Set<Promise<PixelsResult>>();

/**
 * Sets the memory that decoding may take in total. Images wait for it, and those that need more are refused.
 *
 * @param bytes @default half of the memory that the process may use
 */
export function limitPixelMemory(bytes: number): void {
  budget.capacity = bytes;
}

/** Memory that the images being decoded may take at their peak, by estimate, and the limit of all, in bytes. */
export function pixelMemoryUse(): { readonly usedBytes: number; readonly limitBytes: number } {
  return { usedBytes: budget.spent, limitBytes: budget.capacity };
}

/**
 * What decoding an image takes of the memory.
 *
 * @throws PixelsError 'too-large' if that is more than there is in all
 */
function costOf({ width, height, memory }: Probe, fileBytes: number): number {
  // The file is copied for the thread, and once more to isolate the first frame of a GIF.
  const cost = BYTES_PER_IMAGE + memory + 2 * fileBytes;
  if (cost <= budget.capacity) return cost;
  const mebibytes = (bytes: number): string => `${withThousands(Math.ceil(bytes / MIB))} MiB`;
  throw new PixelsError('too-large', {
    detail: `The image is too large: to decode its ${width} x ${height} pixels takes ${mebibytes(cost)} of memory, and ${mebibytes(budget.capacity)} are allowed.`,
  });
}

export interface ToPixelsOptions {
  readonly signal?: AbortSignal | undefined;
  /** @default 'upright' */
  readonly orientation?: OrientationMode | undefined;
}

/**
 * Converts an image file to the model's pixels: bit for bit the result of Pillow's `open(...)`,
 * `ImageOps.exif_transpose`, `convert('RGB')` and bicubic `resize((size, size))`, of the first frame or page. Those of an
 * AVIF may differ by some levels. Runs in a pool of worker threads, within a memory budget.
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
export async function toPixels(bytes: Uint8Array, size: number, options: ToPixelsOptions = {}): Promise<Uint8Array> {
  requireBytes('The image', bytes);
  requireNumber('The size of the pixels', size);
  requireOptions(options, ['signal', 'orientation']);
  const { signal, orientation = 'upright' } = options;
  requireSignal(signal);
  requireChoice('orientation', ORIENTATIONS, orientation);
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) {
    throw new RangeError(`The size of the pixels must be a whole number from 1 to ${MAX_SIZE}, not ${size}.`);
  }
  signal?.throwIfAborted();
  const probe = await probeImage(bytes);
  const work = async (): Promise<PixelsResult> => {
    // Copied, because the buffer is transferred to the thread and the file may be a view of a larger one.
    const copy = Buffer.allocUnsafeSlow(bytes.length);
    await forEachChunk(bytes, (part, from) => {
      copy.set(part, from);
    });
    const options = { filename: fileURLToPath(WORKER), transferList: [copy.buffer] };
    pool ??= new ThreadPool({ module: WORKER, maxThreads: threads });
    const run = pool.run({ bytes: copy, probe, orientation, size }, options);
    const runs = decoding.add(run);
    return run.finally(() => runs.delete(run));
  };
  const result = await abortable(budget.run(costOf(probe, bytes.length), work, signal), signal);
  if (typeof result === 'string') throw new PixelsError(result);
  return result;
}

/**
 * Stops the worker threads once they have decoded what they were given, which may be of others than the caller. The
 * process can exit without this. The next call of `toPixels` starts new threads.
 */
export async function closePixels(): Promise<void> {
  const [closing, runs] = [pool, decoding];
  pool = undefined;
  decoding = new Set();
  // The pool's own way to wait for its threads counts one that ends two tasks as two, and then ends others at their work.
  await Promise.allSettled(runs);
  await closing?.close();
}
