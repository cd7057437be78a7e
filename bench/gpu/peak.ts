import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { percent } from '../support/format.ts';
import { runChild } from '../support/measure-child.ts';
import type { Check, Context } from './check.ts';
import { nominalPeak } from './nominal-peaks.ts';

/** Multiply-adds per second that the device reaches in one large matrix product with the same ONNX Runtime. */
export async function measurePeak({
  device,
  threads,
  scratch,
}: Pick<Context, 'device' | 'threads' | 'scratch'>): Promise<number> {
  const script = fileURLToPath(new URL('peak-child.ts', import.meta.url));
  const folder = await mkdtemp(join(scratch, 'peak-'));
  const { stdout } = await runChild(script, [device, String(threads), folder]);
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return (JSON.parse(line) as { multiplyAddsPerSecond: number }).multiplyAddsPerSecond;
}

/** Formats multiply-adds per second, each of which is two operations. */
export function teraflops(multiplyAddsPerSecond: number): string {
  return `${((2 * multiplyAddsPerSecond) / 1e12).toFixed(multiplyAddsPerSecond > 5e12 ? 0 : 2)} TFLOP/s`;
}

/** The peak speed of the device, to which the models' speed is compared. */
export const peakCheck: Check = {
  name: 'peak',
  async run(context) {
    const peak = await context.peak();
    const nominal = nominalPeak(context.gpus[0]?.name ?? '');
    const of = nominal === undefined ? '' : `, ${percent(peak / nominal, 0)} of the data sheet's`;
    return {
      verdict: 'measured',
      summary: `One large product runs at ${teraflops(peak)}${of}.`,
      data: { multiplyAddsPerSecond: peak, nominal },
    };
  },
};
