import { existsSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeFolder } from '../../model/make-folder.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const disk = vi.hoisted(() => ({ isReadOnly: false }));

/** Fails as Node.js does on a file system that is read-only. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  const mkdir = (folder: string, options?: { recursive: boolean }): Promise<string | undefined> => {
    if (!disk.isReadOnly) return real.mkdir(folder, options);
    return Promise.reject(Object.assign(new Error('mkdir'), { code: options?.recursive ? 'ENOENT' : 'EROFS' }));
  };
  return { ...real, mkdir };
});

test('a folder is made with those above it, or the reason is that of the system', async () => {
  const folder = path.join(tempFolder(), 'a', 'b');
  disk.isReadOnly = true;
  await expect(makeFolder(folder)).rejects.toMatchObject({ code: 'EROFS' });
  disk.isReadOnly = false;
  await makeFolder(folder);
  await makeFolder(folder);
  expect(existsSync(folder)).toBe(true);
});
