import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../../testing/temp-folder.ts';

const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');

/** Runs the check of the target cuda as on another machine. */
function check(machine: string) {
  const [, command = ''] = /AS cuda-dependencies\nRUN ((?:.*\\\n)*.*)/.exec(dockerfile) ?? expect.fail();
  const folder = tempFolder();
  writeFileSync(path.join(folder, 'uname'), `#!/bin/sh\necho ${machine}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  return spawnSync('/bin/sh', ['-c', command.replaceAll('\\\n', '')], { env, encoding: 'utf8' });
}

it('lets the image for GPUs be built on x86-64', () => {
  expect(check('x86_64')).toMatchObject({ status: 0, stderr: '' });
});

it('ends the build of the image for GPUs for another architecture with a sentence', () => {
  expect(check('aarch64')).toMatchObject({
    status: 1,
    stderr:
      'The target cuda is for linux/amd64 alone, as ONNX Runtime has no CUDA provider for Node.js on aarch64: build it with --platform linux/amd64, or the target cpu.\n',
  });
});
