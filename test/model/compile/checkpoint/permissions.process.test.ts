import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readConfig } from '../../../../model/compile/checkpoint/config.ts';
import { openPackage } from '../../../../model/package/open-package.ts';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { writeTorchArchive } from '../../../../testing/torch-archive.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

afterEach(() => {
  if (isRoot) process.seteuid?.(0);
});

/** Takes the permission to read away from this process: root may read everything. */
function deny(path: string): void {
  chmodSync(path, 0);
  if (isRoot) process.seteuid?.(NOBODY);
}

test('weights without permission to read them are reported as such', async () => {
  const folder = tempFolder();
  chmodSync(folder, 0o755);
  const file = join(folder, 'pytorch_model.bin');
  writeTorchArchive(file, [['x', { dtype: 'int8', shape: [1], data: [1] }]]);
  deny(file);
  await expect(openWeights(folder)).rejects.toMatchObject({
    code: 'checkpoint-unreadable',
    message: `${file} cannot be read: permission denied (EACCES).`,
  });
});

test('a folder without permission to enter it is not called "not a checkpoint folder"', async () => {
  const folder = join(tempFolder(), 'closed');
  mkdirSync(folder);
  deny(folder);
  const message = expect.stringMatching(/ cannot be read: permission denied \(EACCES\)\.$/) as string;
  await expect(openWeights(folder)).rejects.toMatchObject({ code: 'checkpoint-unreadable', message });
  await expect(readConfig(folder)).rejects.toMatchObject({ code: 'checkpoint-unreadable', message });
});

test('a package folder without permission to enter it is not called "not a package"', async () => {
  const folder = join(tempFolder(), 'closed');
  mkdirSync(folder);
  deny(folder);
  const message = `${join(folder, 'model.onnx')} cannot be read: permission denied (EACCES).`;
  await expect(openPackage(folder)).rejects.toMatchObject({ code: 'package-unreadable', message });
});
