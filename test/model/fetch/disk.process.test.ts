import type * as fs from 'node:fs';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, modelServer } from './model-server.ts';
import { failureOf, isSame, partialPath, runFetch, WEIGHTS } from './run-fetch.ts';

/** A disk as the tests want it. */
const disk = vi.hoisted(() => ({
  /** Free bytes that `statfs` reports; undefined: the real ones. */
  free: undefined as number | undefined,
  /** Bytes that can be written before it is full. */
  space: Infinity,
  /** How long each write takes, in milliseconds. */
  writeMs: 0,
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs.promises>();
  return {
    ...real,
    statfs: async (path: string) => (disk.free === undefined ? real.statfs(path) : { bavail: disk.free, bsize: 1 }),
  };
});

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    appendFileSync: (file: number, data: Uint8Array) => {
      const end = performance.now() + disk.writeMs;
      while (performance.now() < end);
      disk.space -= data.length;
      if (disk.space < 0) {
        const message = 'ENOSPC: no space left on device, write';
        throw Object.assign(new Error(message), { code: 'ENOSPC', syscall: 'write' });
      }
      real.appendFileSync(file, data);
    },
  };
});

afterEach(() => {
  Object.assign(disk, { free: undefined, space: Infinity, writeMs: 0 });
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
  disk.space = 500_000;
  expect(await failureOf(server, folder)).toMatchObject({
    code: 'disk-full',
    message: `${join(folder, WEIGHTS)} cannot be written: the disk is full; free some space and run the same command again.`,
  });
  disk.space = Infinity;
  const { size } = statSync(partialPath(server, folder));
  expect(size).toBeGreaterThan(0);
  server.seen.length = 0;
  await runFetch(server, folder);
  expect(server.requestsOf(WEIGHTS).map(({ range }) => range)).toEqual([`bytes=${size}-`]);
  expect(isSame(server, folder, WEIGHTS)).toBe(true);
});

test('a disk slower than the network does not break a connection that the server closes', async () => {
  const server = await modelServer(miniModel());
  server.intercept = (_, response) => {
    response.setHeader('connection', 'close');
    return false;
  };
  disk.writeMs = 10;
  for (let round = 0; round < 5; round++) {
    const folder = tempFolder();
    const { notes } = await runFetch(server, folder);
    expect(notes).toEqual([]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  }
});
