import { cpSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ofaVeProcess } from '../../testing/cli.ts';
import { fixtureFile, fixturePackage } from '../../testing/fixtures.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

test('a package in a content-addressed cache answers as a plain one does', async () => {
  const plain = await fixturePackage('mini-none');
  const repository = join(tempFolder(), 'models--owner--mini');
  const blobs = join(repository, 'blobs');
  const snapshot = join(repository, 'snapshots', '0123abcd');
  cpSync(plain, blobs, { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  for (const [at, name] of readdirSync(blobs).entries()) {
    renameSync(join(blobs, name), join(blobs, `blob-${at}`));
    symlinkSync(`../../blobs/blob-${at}`, join(snapshot, name));
  }
  const [picture = ''] = readdirSync(fixtureFile('mini-none', '')).filter((name) => /\.(png|jpg)$/.test(name));
  const ask = ['--image', fixtureFile('mini-none', picture), '--text', 'a dog is sleeping', '--json'];
  const env = { DEVICE: 'cpu', ENGINE_THREADS: '1' };
  const expected = await ofaVeProcess(['predict', '--model', plain, ...ask], env);
  expect(expected.code).toBe(0);
  expect(expected.stdout).toContain('"label"');
  const { stdout } = await ofaVeProcess(['predict', '--model', snapshot, ...ask], env);
  expect(stdout).toBe(expected.stdout);
});
