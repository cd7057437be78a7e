import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { move } from 'piscina';
import { MIB } from '../../bytes.ts';
import { decodeCommonJpeg } from './jpeg/decode.ts';
import { decode, upright } from './decode.ts';
import { CAN_FREE, freeMemory } from '../../free-memory.ts';
import { PixelsError, type PixelsErrorCode } from './error.ts';
import type { OrientationMode } from './orientation.ts';
import type { Probe } from './probe.ts';
import { resample } from '../resize/resample.ts';
import type { RgbImage } from './transpose.ts';

/** A task for a worker thread. */
export interface PixelsTask {
  /** The file, in a buffer of its own, which the worker frees. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The result of `probe` for it. */
  readonly probe: Probe;
  readonly orientation: OrientationMode;
  /** Pixels along each side of the result. */
  readonly size: number;
}

/** The pixels, or the code of an error: its class would be lost between threads. */
export type PixelsResult = Uint8Array | PixelsErrorCode;

/** Bytes of decoded pictures after which their memory is freed: of recent ones alone, which is quick, and of all. */
const COLLECT_RECENT_BYTES = 32 * MIB;
const COLLECT_ALL_BYTES = 8 * COLLECT_RECENT_BYTES;
/** Pictures that need as much are few, and what one leaves matters. */
const LARGE_BYTES = COLLECT_RECENT_BYTES / 2;
/** V8 frees buffers in another thread, and the decoder's by a callback on the event loop: after 3 to 8 ms. */
const FREEING_MS = 10;

// V8 frees the buffers of decoded pictures when it next collects garbage, which this thread seldom has a reason to do: it
// would keep the last picture, of up to half a gigabyte, beside the next one.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
/** Bytes of pictures decoded since recent ones, and since all were freed. */
const uncollected = { recent: 0, all: 0 };

/** Decodes and resizes one image in a worker thread. When the promise settles, the memory of a large one is free again. */
export default async function work(task: PixelsTask): Promise<PixelsResult> {
  const fileBytes = task.bytes.length;
  const common = toPixelsIfCommon(task);
  if (common !== undefined) {
    // The decoder keeps its memory; before Node.js 22, the file is garbage.
    if (!CAN_FREE) await collectMemory(fileBytes);
    return common;
  }
  try {
    return await toPixels(task);
  } catch (error) {
    if (error instanceof PixelsError) return error.code;
    throw error;
  } finally {
    await collectMemory(task.probe.memory);
  }
}

/** @param bytes what the picture took that was decoded last */
async function collectMemory(bytes: number): Promise<void> {
  uncollected.recent += bytes;
  uncollected.all += bytes;
  if (uncollected.recent < COLLECT_RECENT_BYTES) return;
  uncollected.recent = 0;
  if (bytes < LARGE_BYTES && uncollected.all < COLLECT_ALL_BYTES) {
    collectGarbage({ type: 'minor' });
    return;
  }
  uncollected.all = 0;
  collectGarbage();
  await setTimeout(FREEING_MS);
}

// Functions of their own, so that nothing refers to the decoded picture any more when its memory is to be freed.

function toPixelsIfCommon(task: PixelsTask): Uint8Array | undefined {
  const { bytes, probe, orientation, size } = task;
  const common = probe.format === 'jpeg' ? decodeCommonJpeg(bytes) : undefined;
  if (common === undefined) return undefined;
  // The task is referenced until the next one arrives.
  task.bytes = new Uint8Array();
  const pixels = resized(upright(common, bytes, probe.format, orientation), size);
  freeMemory(bytes);
  return pixels;
}

async function toPixels(task: PixelsTask): Promise<Uint8Array> {
  const { bytes, probe, orientation, size } = task;
  task.bytes = new Uint8Array();
  return resized(await decode(bytes, probe, orientation), size);
}

function resized({ pixels, width, height }: RgbImage, size: number): Uint8Array {
  return move(resample(pixels, width, height, size)) as Uint8Array;
}
