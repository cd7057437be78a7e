import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { fakeSmi } from '../support/fake-smi.ts';

/** Runs a program beside this file to its end; with fewer file descriptors, where that is asked for. */
async function run(
  file: string,
  { args = [], descriptors }: { args?: readonly string[]; descriptors?: number } = {},
): Promise<{ code: number | null; said: string[] }> {
  const command = ['--import', 'tsx', fileURLToPath(new URL(file, import.meta.url)), ...args];
  const limited = ['-c', `ulimit -n ${descriptors ?? 0} && exec "$@"`, 'sh', process.execPath, ...command];
  const [program, all] = descriptors === undefined ? [process.execPath, command] : ['/bin/sh', limited];
  const child = spawn(program, all, { stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: Buffer.concat(chunks).toString().trim().split('\n') };
}

it('waits for file descriptors where they are short, and starts the engine and the watch of its GPU then', async () => {
  const smi = await fakeSmi([{ index: 0, uuid: 'GPU-0' }]);
  onTestFinished(() => smi.remove());
  expect(await run('./starved.ts', { descriptors: 120 })).toEqual({
    code: 0,
    said: ['neither can be started', 'both are there again'],
  });
});
