import type { promises } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, modelServer } from './model-server.ts';
import { isSame, PIECE, runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';

/** Free bytes of the disk as the tests want it; undefined: as it is. */
const disk = vi.hoisted(() => ({ free: undefined as number | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  return {
    ...real,
    statfs: async (path: string) =>
      disk.free === undefined ? real.statfs(path) : { bavail: disk.free, bsize: 1 },
  };
});

afterEach(() => {
  disk.free = undefined;
  vi.restoreAllMocks();
});

test('too little room is told before the weights are fetched', async () => {
  const server = await modelServer(miniModel());
  const folder = tempFolder();
  disk.free = 1_000_000;
  await expect(runFetch(server, folder)).rejects.toMatchObject({
    code: 'disk-full',
    message: `The disk of ${folder} has 1 MB free, and 2 MB more are needed: make room, or choose another folder.`,
  });
  expect(server.requestsOf(WEIGHTS)).toEqual([]);
});

test('a disk that fills up keeps what is there for the next run', async () => {
  const server = await modelServer(miniModel());
  const folder = tempFolder();
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  const handle = await open(join(folder, 'any'), 'w');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its handle below
  const write = prototype.write as (...args: unknown[]) => Promise<{ bytesWritten: number; buffer: Buffer }>;
  let room = 2 * PIECE;
  vi.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
    const [bytes] = args as [Buffer];
    room -= bytes.length;
    if (room < 0) throw full;
    return write.apply(this, args);
  } as typeof prototype.write);

  await expect(runFetch(server, folder)).rejects.toMatchObject({
    code: 'disk-full',
    message: `${join(folder, WEIGHTS)} cannot be written: the disk is full; make room and run the same command again.`,
  });
  vi.restoreAllMocks();
  const { progress } = await runFetch(server, folder);
  expect(progress.at(-1)?.received).toBeLessThan(server.files.get(WEIGHTS)?.bytes ?? 0);
  expect(isSame(server, folder, WEIGHTS)).toBe(true);
});
