import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { config } from '../../infra/config.ts';
import { demoDeployment } from '../../testing/demo-deployment.ts';
import { ROOT } from '../../testing/root.ts';
import { run } from './shell.ts';

/** All that an image is built from, and the test itself with its helpers. */
export const INPUTS = [
  ...['Dockerfile', '.dockerignore', '.npmrc', 'LICENSE', 'NOTICE', 'package.json', 'package-lock.json'],
  ...[
    'tsconfig.json',
    'tsconfig.build.json',
    'bin',
    'batch',
    'plan',
    'cli',
    'demo',
    'docker',
    'model',
    'service',
    'test/image',
  ],
  ...[
    'testing/demo-deployment.ts',
    'testing/free-port.ts',
    'testing/memory-stress.ts',
    'testing/picture-kinds.ts',
    'testing/process-usage.ts',
    'testing/root.ts',
    'testing/service-process.ts',
    'testing/stress-pictures.ts',
  ],
];

/** What the containers get of the deployment: the values, as most changes to infra/ do not touch them. */
function deployment(): string {
  return JSON.stringify([demoDeployment(), config.workloads[0]?.security.userId]);
}

/** The hash of the inputs that last passed the test. Committed, so that a fresh clone knows it. */
const VERIFIED = 'test/image/verified.txt';

/** No image has them, as `.dockerignore` says. */
const LEFT_OUT = [VERIFIED, 'demo/training', 'demo/world', '*.md', '*.py'];

/** SHA-256 of the inputs' names and contents as they lie in the working tree, and of the deployment's values. */
export async function inputsHash(): Promise<string> {
  const exclude = LEFT_OUT.map((pattern) => `:(exclude)${pattern}`);
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...INPUTS, ...exclude];
  const files = [...new Set((await run('git', args, { cwd: ROOT })).split('\0'))].filter(Boolean).sort();
  const hash = createHash('sha256').update(deployment());
  for (const file of files) {
    // A file that was deleted and not yet committed is still listed.
    const content = await readFile(path.join(ROOT, file)).catch(() => undefined);
    if (content !== undefined) hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Whether the inputs passed the test as they are. */
export async function isVerified(): Promise<boolean> {
  const verified = await readFile(path.join(ROOT, VERIFIED), 'utf8').catch(() => '');
  return verified.trim() === (await inputsHash());
}

/** Records that these inputs have passed. */
export async function recordVerified(hash: string): Promise<void> {
  await writeFile(path.join(ROOT, VERIFIED), `${hash}\n`);
  console.log(`Commit ${VERIFIED} to spare others this test:\n${hash}`);
}
