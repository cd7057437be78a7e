import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../testing/root.ts';
import { run, step } from './shell.ts';

/**
 * Installs and prunes the dependencies of the image for arm64 as the Dockerfile does, on any machine: the lock file must
 * have the binaries, and those that stay must be for that architecture.
 */
export async function checkArm64(): Promise<void> {
  step('the dependencies of the cpu image for arm64');
  const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-arm64-'));
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      await copyFile(path.join(ROOT, file), path.join(folder, file));
    const target = ['--os=linux', '--cpu=arm64', '--libc=glibc'];
    await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', ...target], { cwd: folder });
    const prune = [path.join(ROOT, 'bin/run.js'), path.join(ROOT, 'docker/prune.ts')];
    const printed = await run(process.execPath, [...prune, path.join(folder, 'node_modules'), 'arm64']);
    assert.match(printed, /^\d+ native binaries, all for linux\/arm64\.$/);
    console.log(printed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
