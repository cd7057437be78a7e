import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { lockFolder } from '../../../model/fetch/folder-lock.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const { signal } = new AbortController();

function setup(): { folder: string; file: string; notes: string[]; onNote: (note: string) => void } {
  const folder = tempFolder();
  const notes: string[] = [];
  return { folder, file: join(folder, '.fetch.lock'), notes, onNote: (note) => notes.push(note) };
}

test('the lock is touched while it is held, and removed afterwards', async () => {
  const { folder, file, notes, onNote } = setup();
  const release = await lockFolder(folder, signal, onNote);
  utimesSync(file, 1000, 1000);
  while (statSync(file).mtimeMs < 2_000_000) await sleep(20);
  await release();
  expect(existsSync(file)).toBe(false);
  expect(notes).toEqual([]);
});

test('a lock that is touched is respected, whatever its time', async () => {
  const { folder, file, notes, onNote } = setup();
  writeFileSync(file, '');
  let seconds = 1000;
  const touch = setInterval(() => {
    utimesSync(file, ++seconds, seconds);
  }, 100);
  onTestFinished(() => {
    clearInterval(touch);
  });
  await expect(lockFolder(folder, signal, onNote)).rejects.toMatchObject({ code: 'output-not-writable' });
  expect(existsSync(file)).toBe(true);
  expect(notes).toHaveLength(1);
});

test('a lock that is released meanwhile is taken', async () => {
  const { folder, file, onNote } = setup();
  writeFileSync(file, '');
  const [release] = await Promise.all([lockFolder(folder, signal, onNote), sleep(100).then(() => rm(file))]);
  expect(existsSync(file)).toBe(true);
  await release();
});

test.each([
  ['an unlocked folder', false],
  ['an abandoned lock', true],
])('of many that find %s at the same time, one gets the lock', async (_, locked) => {
  const { folder, file, onNote } = setup();
  if (locked) writeFileSync(file, '');
  const tries = Array.from({ length: 8 }, () => lockFolder(folder, signal, onNote));
  const ends = await Promise.allSettled(tries);
  const releases = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  expect(releases).toHaveLength(1);
  await releases[0]?.();
  expect(existsSync(file)).toBe(false);
});

test('waiting for a lock can be interrupted', async () => {
  const { folder, file, onNote } = setup();
  writeFileSync(file, '');
  await expect(lockFolder(folder, AbortSignal.timeout(50), onNote)).rejects.toThrow();
  expect(existsSync(file)).toBe(true);
});
