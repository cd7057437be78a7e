import type * as fs from 'node:fs';
import { statSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, modelServer } from './model-server.ts';
import { failureOf, isSame, partialPath, runFetch, WEIGHTS } from './run-fetch.ts';

/** A disk as the tests want it. */
const disk = vi.hoisted(() => ({
  /** Bytes that can be written before it is full. */
  space: Infinity,
  /** How long each write takes, in milliseconds. */
  writeMs: 0,
}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    appendFileSync: (file: string, data: Uint8Array) => {
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
  Object.assign(disk, { space: Infinity, writeMs: 0 });
});

test('a disk that fills up keeps what was received for the next run', async () => {
  const server = await modelServer(miniModel());
  const folder = tempFolder();
  disk.space = 500_000;
  expect(await failureOf(server, folder)).toMatchObject({
    code: 'disk-full',
    message: `${folder} cannot be used: the disk is full; free some space and run the same command again.`,
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
