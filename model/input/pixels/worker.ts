import { move } from 'piscina';
import { decode } from './decode.ts';
import { PixelsError, type PixelsErrorCode } from './error.ts';
import type { Probe } from './probe.ts';
import { resample } from '../resize/resample.ts';

/** What a worker is asked. */
export interface PixelsTask {
  /** The file; the worker owns it. */
  readonly bytes: Uint8Array;
  /** What its header says. */
  readonly probe: Probe;
  /** Pixels along each side of the result. */
  readonly size: number;
}

/** What it answers: the pixels, or why there are none (an error's class would not survive between threads). */
export type PixelsAnswer = Uint8Array | PixelsErrorCode;

/** Decodes and resizes one image in a worker thread. */
export default async function work({ bytes, probe, size }: PixelsTask): Promise<PixelsAnswer> {
  try {
    const { pixels, width, height } = await decode(bytes, probe);
    return move(resample(pixels, width, height, size)) as Uint8Array;
  } catch (error) {
    if (error instanceof PixelsError) return error.code;
    throw error;
  }
}
