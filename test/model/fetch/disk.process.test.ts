import type { promises } from 'node:fs';
import { statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, modelServer } from './model-server.ts';
import { failureOf, isSame, partialPath, runFetch, WEIGHTS } from './run-fetch.ts';

/** Free bytes that `statfs` reports; undefined: the real ones. */
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

test('too little space is reported before the weights are downloaded', async () => {
  const server = await modelServer(miniModel());
  const folder = tempFolder();
  disk.free = 1_000_000;
  expect(await failureOf(server, folder)).toMatchObject({
    code: 'disk-full',
    message: `The disk of ${folder} has 1 MB free, but 2 MB more are needed: free some space, or choose another folder.`,
  });
  expect(server.requestsOf(WEIGHTS)).toEqual([]);
});

test('a disk that fills up keeps what was received for the next run', async () => {
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
  const { appendFile } = prototype;
  let space = 500_000;
  vi.spyOn(prototype, 'appendFile').mockImplementation(async function (this: FileHandle, data) {
    space -= data.length;
    if (space < 0) throw full;
    await appendFile.call(this, data);
  });

  expect(await failureOf(server, folder)).toMatchObject({
    code: 'disk-full',
    message: `${join(folder, WEIGHTS)} cannot be written: the disk is full; free some space and run the same command again.`,
  });
  vi.restoreAllMocks();
  const { size } = statSync(partialPath(server, folder));
  expect(size).toBeGreaterThan(0);
  server.seen.length = 0;
  await runFetch(server, folder);
  expect(server.requestsOf(WEIGHTS).map(({ range }) => range)).toEqual([`bytes=${size}-`]);
  expect(isSame(server, folder, WEIGHTS)).toBe(true);
});
