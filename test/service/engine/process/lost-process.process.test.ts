import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../../e2e/client.ts';
import { fakeSmi } from '../../../../testing/fake-smi.ts';
import { sourceFlags } from '../../../../model/source-flags.ts';

/** Runs a program beside this file to its end; with fewer file descriptors, where that is asked for. */
async function run(
  file: string,
  { args = [], descriptors }: { args?: readonly string[]; descriptors?: number } = {},
): Promise<{ code: number | null; said: string[] }> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const command = [...sourceFlags(script), script, ...args];
  const limited = ['-c', `ulimit -n ${descriptors ?? 0} && exec "$@"`, 'sh', process.execPath, ...command];
  const [program, all] = descriptors === undefined ? [process.execPath, command] : ['/bin/sh', limited];
  const child = spawn(program, all, { stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: Buffer.concat(chunks).toString().trim().split('\n') };
}

/** Whether a process computes or could again; not one that is dead and that nobody has asked for. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) [ZX]/.test(readFileSync(stat, 'utf8'));
}

it('starts the engine and the GPU monitor once file descriptors are available again', async () => {
  const smi = await fakeSmi([{ index: 0, uuid: 'GPU-0' }]);
  onTestFinished(() => {
    smi.remove();
  });
  expect(await run('./starved.ts', { descriptors: 120 })).toEqual({
    code: 0,
    said: ['neither can be started', 'both are there again'],
  });
});

it.each([
  ['exits', [], 7],
  ['crashes', ['throw'], 1],
])('kills a hanging engine when the service %s', async (_, args, expected) => {
  const { code, said } = await run('./leaving.ts', { args });
  const pid = Number(said[0]);
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  expect([code, pid > 0]).toEqual([expected, true]);
  await until('the engine is gone', () => !isAlive(pid));
});
