import { move } from 'piscina';
import { decode } from './decode.ts';
import { PixelsError, type PixelsErrorCode } from './error.ts';
import type { OrientationMode } from './orientation.ts';
import type { Probe } from './probe.ts';
import { resample } from '../resize/resample.ts';

/** A task for a worker thread. */
export interface PixelsTask {
  /** The file, owned by the worker. */
  readonly bytes: Uint8Array;
  /** The result of `probe` for it. */
  readonly probe: Probe;
  readonly orientation: OrientationMode;
  /** Pixels along each side of the result. */
  readonly size: number;
}

/** The pixels, or the code of an error: its class would be lost between threads. */
export type PixelsResult = Uint8Array | PixelsErrorCode;

/** Decodes and resizes one image in a worker thread. */
export default async function work({ bytes, probe, orientation, size }: PixelsTask): Promise<PixelsResult> {
  try {
    const { pixels, width, height } = await decode(bytes, probe, orientation);
    return move(resample(pixels, width, height, size)) as Uint8Array;
  } catch (error) {
    if (error instanceof PixelsError) return error.code;
    throw error;
  }
}
