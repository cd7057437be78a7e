import { createRequire } from 'node:module';
import type * as workerThreads from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { closePixels, pixelMemoryUse, toPixels } from '../../../../model/input/pixels/pixels.ts';

/** What the pool of threads starts them with. */
const threads = createRequire(import.meta.url)('node:worker_threads') as typeof workerThreads;
const { Worker } = threads;
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=', 'base64');
const LIMITED = { timeout: 60_000 };

const decode = async (): Promise<number> => (await toPixels(GIF, 8)).length;
const decodeMany = (): Promise<PromiseSettledResult<number>[]> => Promise.allSettled([decode(), decode(), decode()]);

afterEach(async () => {
  vi.restoreAllMocks();
  await closePixels();
});

it('refuses the pictures for which no thread can be started, and decodes later ones', LIMITED, async () => {
  // As where the process has too many files open.
  const started = vi.spyOn(threads, 'Worker').mockImplementation(function (_, options) {
    return new Worker('throw new Error("EMFILE")', { ...options, execArgv: [], eval: true });
  });
  for (const { status, ...rest } of await decodeMany()) {
    expect(status).toBe('rejected');
    expect(rest).toMatchObject({ reason: { message: 'A worker thread could not be started.' } });
  }
  expect(started).toHaveBeenCalled();
  expect(pixelMemoryUse().usedBytes).toBe(0);
  vi.restoreAllMocks();
  for (const result of await decodeMany()) expect(result).toEqual({ status: 'fulfilled', value: 192 });
});

it('goes on with the threads that it has where the system has no more', LIMITED, async () => {
  let first = true;
  vi.spyOn(threads, 'Worker').mockImplementation(function (file, options) {
    if (!first) throw new Error('EAGAIN');
    first = false;
    return new Worker(file, options);
  });
  const [running, refused, queued] = await decodeMany();
  expect([running?.status, queued?.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(refused).toMatchObject({ reason: { message: 'A worker thread could not be started.' } });
  for (const result of await decodeMany()) expect(result).toEqual({ status: 'fulfilled', value: 192 });
  expect(pixelMemoryUse().usedBytes).toBe(0);
});
