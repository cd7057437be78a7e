import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { abortable } from '../../abort.ts';
import { sourceFlags } from '../../source-flags.ts';
import { Budget } from './budget.ts';
import { PixelsError } from './error.ts';
import { probe as probeImage } from './probe.ts';
import type { PixelsAnswer, PixelsTask } from './worker.ts';
import { inTurns } from '../yielding-chunks.ts';

export { PixelsError, type PixelsErrorCode } from './error.ts';

/** Most pixels along a side of the result; models take a few hundred. */
const MAX_SIZE = 4096;
/** More threads than this would only take the processors from the engine. */
const MAX_THREADS = 4;
/** Decoding may take this much memory, all images together; the largest that are accepted take about as much. */
const MEMORY_BYTES = 2 ** 30;

const threads = Math.min(MAX_THREADS, availableParallelism());
const budget = new Budget(threads, MEMORY_BYTES);
let pool: Piscina<PixelsTask, PixelsAnswer> | undefined;

/** The worker threads, started when there is work; idle ones do not keep the process alive. */
function workers(): Piscina<PixelsTask, PixelsAnswer> {
  pool ??= createPool();
  return pool;
}

function createPool(): Piscina<PixelsTask, PixelsAnswer> {
  const fromSource = import.meta.url.endsWith('.ts');
  const worker = new URL(fromSource ? './worker.ts' : './worker.js', import.meta.url);
  return new Piscina<PixelsTask, PixelsAnswer>({
    filename: fileURLToPath(worker),
    execArgv: sourceFlags(worker),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: Infinity,
  });
}

/** How `toPixels` may be told to stop. */
export interface PixelsOptions {
  /**
   * Rejects the promise with the signal's reason. An image that waits is dropped; one that is being decoded is
   * decoded to its end, since the decoder cannot be interrupted.
   */
  readonly signal?: AbortSignal;
}

/**
 * Turns an image file into the model's pixels: bit for bit what Pillow's `open(...).convert('RGB')` and bicubic
 * `resize((size, size))` give, for JPEG, PNG, WebP, GIF (first frame) and TIFF (first page). The work is done in
 * threads of a pool of this process, within a budget of memory.
 *
 * @param bytes the file; it is copied and may be reused when the promise settles
 * @param size pixels along each side of the result, 1 to 4096; proportions are not kept
 * @returns size * size * 3 bytes: rows from top to bottom, RGB
 * @throws PixelsError where the image is at fault: 'unsupported', 'corrupt' or 'too-large'
 */
export async function toPixels(
  bytes: Uint8Array,
  size: number,
  { signal }: PixelsOptions = {},
): Promise<Uint8Array> {
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) {
    throw new RangeError(`The size of the pixels must be a whole number from 1 to ${MAX_SIZE}, not ${size}.`);
  }
  signal?.throwIfAborted();
  const probe = await probeImage(bytes);
  const work = async (): Promise<PixelsAnswer> => {
    // A copy of its own: the file may be a view of something larger, and it is handed over to the thread.
    const copy = new Uint8Array(bytes.length);
    let copied = 0;
    for await (const part of inTurns(bytes)) {
      copy.set(part, copied);
      copied += part.length;
    }
    return workers().run({ bytes: copy, probe, size }, { transferList: [copy.buffer] });
  };
  const answer = await abortable(budget.run(probe.memory, work, signal), signal);
  if (typeof answer === 'string') throw new PixelsError(answer);
  return answer;
}

/**
 * Stops the worker threads after the images at hand. Not needed for the process to end by itself; the next call
 * of `toPixels` starts new ones.
 */
export async function closePixels(): Promise<void> {
  const closing = pool;
  pool = undefined;
  await closing?.close();
}
