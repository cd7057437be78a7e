import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { lockFolder } from '../../../model/fetch/folder-lock.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

function setup(): { folder: string; file: string } {
  const folder = tempFolder();
  return { folder, file: join(folder, '.fetch.lock') };
}

/** Leaves a lock as a process that was killed does. */
function abandon(file: string): void {
  writeFileSync(file, 'of another process');
  utimesSync(file, 1000, 1000);
}

test('the lock is touched while it is held, and removed afterwards', async () => {
  const { folder, file } = setup();
  const release = await lockFolder(folder);
  utimesSync(file, 1000, 1000);
  while (statSync(file).mtimeMs < 2_000_000) await sleep(20);
  await release();
  expect(existsSync(file)).toBe(false);
});

test('a lock that was touched is respected', async () => {
  const { folder, file } = setup();
  writeFileSync(file, 'of another process');
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'output-not-writable',
    message: `Another process is downloading into ${folder}: wait until it has finished (or 10 s if it was killed), or choose another folder.`,
  });
  expect(existsSync(file)).toBe(true);
});

test('a lock that its process no longer touches is taken over', async () => {
  const { folder, file } = setup();
  abandon(file);
  const release = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'output-not-writable' });
  await release();
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['an unlocked folder', false],
  ['an abandoned lock', true],
])('of many that find %s at the same time, one gets the lock', async (_, locked) => {
  const { folder, file } = setup();
  if (locked) abandon(file);
  const tries = Array.from({ length: 8 }, () => lockFolder(folder));
  const ends = await Promise.allSettled(tries);
  const releases = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  expect(releases).toHaveLength(1);
  await releases[0]?.();
  expect(existsSync(file)).toBe(false);
});

test('a folder that cannot be written to is not taken for a locked one', async () => {
  await expect(lockFolder(join(tempFolder(), 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
});
