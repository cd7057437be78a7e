import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { makeUploadFolder } from '../../batch/output/files.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a folder for uploads removes those that killed runs have left, and no others', async () => {
  const parent = tempFolder();
  vi.stubEnv('TMPDIR', parent);
  const running = await makeUploadFolder('ofa-ve-batch-');
  const leave = (start: string, minutes: number): string => {
    const name = `${start}7-0123456789abcdef-1-00000000-0000-4000-8000-${String(minutes).padStart(12, '0')}`;
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, '_part-00000.jsonl.partial'), '{}\n');
    const touched = Date.now() / 1000 - 60 * minutes;
    utimesSync(join(parent, name), touched, touched);
    return name;
  };
  leave('ofa-ve-batch-', 11);
  const kept = [leave('ofa-ve-batch-', 9), leave('ofa-ve-merge-', 11), leave('photos-', 11)];
  const { folder, remove } = await makeUploadFolder('ofa-ve-batch-');
  expect(readdirSync(parent).sort()).toEqual(
    [...kept, ...[running, { folder }].map((each) => each.folder.slice(parent.length + 1))].sort(),
  );
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await remove();
  expect([existsSync(folder), existsSync(running.folder)]).toEqual([false, true]);
});
