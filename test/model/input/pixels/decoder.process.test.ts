import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { open, readHeader } from '../../../../model/input/pixels/decoder.ts';
import { probe } from '../../../../model/input/pixels/probe.ts';
import type { PixelsTask } from '../../../../model/input/pixels/worker.ts';
import { sourceFlags } from '../../../../model/source-flags.ts';

const WORKER = new URL('../../../../model/input/pixels/worker.ts', import.meta.url);
const ROUNDS = 4;

/** Starts two threads that decode, and ends them. */
async function decodeInNewThreads(picture: Buffer): Promise<void> {
  const pool = new Piscina({
    filename: fileURLToPath(WORKER),
    execArgv: sourceFlags(WORKER),
    minThreads: 2,
    maxThreads: 2,
  });
  const task = async (): Promise<PixelsTask> => {
    const bytes = Uint8Array.from(picture);
    return { bytes, probe: await probe(bytes), orientation: 'upright', size: 8 };
  };
  try {
    const results: unknown[] = await Promise.all([pool.run(await task()), pool.run(await task())]);
    for (const result of results) expect(result).toHaveLength(8 * 8 * 3);
  } finally {
    await pool.destroy();
  }
}

// Which formats the decoder reads is set for the whole process.
it('reads pictures while other threads load the decoder', { timeout: 120_000 }, async () => {
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
    .webp()
    .toBuffer();
  let isLoading = true;
  const readOn = async (): Promise<void> => {
    while (isLoading) {
      await readHeader(picture);
      await open(picture).raw().toBuffer();
    }
  };
  const loading = (async () => {
    try {
      for (let round = 0; round < ROUNDS; round++) await decodeInNewThreads(picture);
    } finally {
      isLoading = false;
    }
  })();
  await Promise.all([readOn(), readOn(), loading]);
});
