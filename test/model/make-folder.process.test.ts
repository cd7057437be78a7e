import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import type * as fs from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeFolder } from '../../model/make-folder.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const disk = vi.hoisted(() => ({ isReadOnly: false }));

/** Fails as Node.js does on a file system that is read-only. */
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const mkdirSync = (folder: string, options?: { recursive: boolean }): string | undefined => {
    if (!disk.isReadOnly) return real.mkdirSync(folder, options);
    throw Object.assign(new Error('mkdir'), { code: options?.recursive ? 'ENOENT' : 'EROFS' });
  };
  return { ...real, mkdirSync };
});

const making = (folder: string) => (): void => {
  makeFolder(folder);
};

test('a folder is made with those above it, or the reason is that of the system', () => {
  const folder = path.join(tempFolder(), 'a', 'b');
  disk.isReadOnly = true;
  expect(making(folder)).toThrow(expect.objectContaining({ code: 'EROFS' }));
  disk.isReadOnly = false;
  makeFolder(folder);
  makeFolder(folder);
  expect(existsSync(folder)).toBe(true);
});

test('a file in the way is no folder', () => {
  const file = path.join(tempFolder(), 'file');
  writeFileSync(file, '');
  expect(making(file)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(making(path.join(file, 'a'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
});

test('a link to what is not there is not a file in the way, and one to a folder is the folder', () => {
  const folder = tempFolder();
  const link = path.join(folder, 'link');
  symlinkSync('elsewhere', link);
  for (const below of [link, path.join(link, 'a')]) {
    expect(making(below)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  }
  makeFolder(path.join(folder, 'elsewhere'));
  makeFolder(path.join(link, 'a'));
  expect(existsSync(path.join(folder, 'elsewhere', 'a'))).toBe(true);
});

test.runIf(process.platform === 'linux')('where the system knows no new folder, the search for one above ends', () => {
  expect(making('/proc/nothing/here')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
