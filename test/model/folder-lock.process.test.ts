import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { lockFolder, type FolderLock } from '../../model/folder-lock.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

/** Whether the disk has no room for what is in files, though for their names. */
const disk = vi.hoisted(() => ({ isFull: false }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  const open: typeof fs.open = async (...args) => {
    const handle = await real.open(...args);
    if (disk.isFull) {
      handle.writeFile = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    }
    return handle;
  };
  return { ...real, open };
});

afterEach(() => {
  disk.isFull = false;
});

const lock = (folder: string): Promise<FolderLock> => lockFolder(folder, '.fetch.lock', 'downloading into');

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
  const { release } = await lock(folder);
  utimesSync(file, 1000, 1000);
  while (statSync(file).mtimeMs < 2_000_000) await sleep(20);
  await release();
  expect(existsSync(file)).toBe(false);
});

test('a full disk has no lock, and none is left that would keep the next process waiting', async () => {
  const { folder } = setup();
  disk.isFull = true;
  await expect(lock(folder)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(readdirSync(folder)).toEqual([]);
  disk.isFull = false;
  const { release } = await lock(folder);
  await release();
});

test('a lock that was touched is respected', async () => {
  const { folder, file } = setup();
  writeFileSync(file, 'of another process');
  await expect(lock(folder)).rejects.toMatchObject({
    code: 'output-not-writable',
    message: `Another process is downloading into ${folder}: wait until it has finished (or 10 s if it was killed), or choose another folder.`,
  });
  expect(existsSync(file)).toBe(true);
});

test('a lock that its process no longer touches is taken over', async () => {
  const { folder, file } = setup();
  abandon(file);
  const { release } = await lock(folder);
  await expect(lock(folder)).rejects.toMatchObject({ code: 'output-not-writable' });
  await release();
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['an unlocked folder', false],
  ['an abandoned lock', true],
])('of many that find %s at the same time, one gets the lock', async (_, locked) => {
  const { folder, file } = setup();
  if (locked) abandon(file);
  const tries = Array.from({ length: 8 }, () => lock(folder));
  const ends = await Promise.allSettled(tries);
  const locks = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  expect(locks).toHaveLength(1);
  await locks[0]?.release();
  expect(existsSync(file)).toBe(false);
});

test.each(['is', 'is not'])('a lock with a time of a later day that %s touched', async (word) => {
  const { folder, file } = setup();
  abandon(file);
  const later = Date.now() / 1000 + 86_400;
  utimesSync(file, later, later);
  let beats = 0;
  const touching = setInterval(() => {
    beats++;
    if (word === 'is') utimesSync(file, later + beats, later + beats);
  }, 500);
  try {
    if (word === 'is') await expect(lock(folder)).rejects.toMatchObject({ code: 'output-not-writable' });
    else {
      const { lost, release } = await lock(folder);
      expect(lost.aborted).toBe(false);
      await release();
    }
  } finally {
    clearInterval(touching);
  }
});

test('a lock that another process takes over is lost, and left to it', async () => {
  const { folder, file } = setup();
  const { lost, release } = await lock(folder);
  writeFileSync(file, 'of another process');
  await once(lost, 'abort');
  expect(lost.reason).toMatchObject({
    code: 'output-not-writable',
    message: `Another process is downloading into ${folder} now, since this one stood still for long: wait until it has finished.`,
  });
  utimesSync(file, 1000, 1000);
  await sleep(1200);
  await release();
  expect(statSync(file).mtimeMs).toBe(1_000_000);
});

describe.runIf(process.platform === 'linux')('a lock whose process', () => {
  const SIGNALS = { killed: 'SIGKILL', stopped: 'SIGSTOP' } as const;

  /** A process that has taken the lock and is killed or stopped. */
  function holder(folder: string, end: keyof typeof SIGNALS): ChildProcess {
    const source = `import { lockFolder } from ${JSON.stringify(new URL('../../model/folder-lock.ts', import.meta.url).href)};
      await lockFolder(${JSON.stringify(folder)}, '.fetch.lock', 'downloading into');
      process.kill(process.pid, '${SIGNALS[end]}');`;
    return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source]);
  }

  test('was killed is taken over at once', async () => {
    const { folder, file } = setup();
    const [, signal] = (await once(holder(folder, 'killed'), 'exit')) as [number | null, string];
    expect([signal, existsSync(file)]).toEqual(['SIGKILL', true]);
    const { release } = await lock(folder);
    await release();
  });

  test('is stopped, as by Ctrl-Z, is respected however long that lasts', async () => {
    const { folder, file } = setup();
    const child = holder(folder, 'stopped');
    const exit = once(child, 'exit');
    try {
      await vi.waitFor(() => {
        expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain(') T ');
      }, 20_000);
      utimesSync(file, 1000, 1000);
      await expect(lock(folder)).rejects.toMatchObject({ code: 'output-not-writable' });
    } finally {
      child.kill('SIGKILL');
      await exit;
    }
    const { release } = await lock(folder);
    await release();
  });
});

test('a folder that cannot be written to is not taken for a locked one', async () => {
  await expect(lock(join(tempFolder(), 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
});
