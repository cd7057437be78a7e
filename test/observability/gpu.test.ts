import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GpuWatch } from '../../service/observability/gpu.ts';
import { until } from '../e2e/client.ts';

const INTERVAL_MS = 300;
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ofa-ve-watch-'));
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** An `nvidia-smi` that writes its process id down; the first one ends at once. */
async function smiThatEndsOnce(): Promise<() => Promise<number[]>> {
  const pids = join(folder, 'pids');
  const program = join(folder, 'nvidia-smi');
  const script = [
    `#!${process.execPath}`,
    "const { appendFileSync, readFileSync } = require('node:fs');",
    `appendFileSync(${JSON.stringify(pids)}, process.pid + ' ');`,
    `if (readFileSync(${JSON.stringify(pids)}, 'utf8').trim().includes(' ')) setInterval(() => undefined, 1000);`,
  ];
  await writeFile(program, script.join('\n'));
  await chmod(program, 0o755);
  return async () => {
    const text = await readFile(pids, 'utf8').catch(() => '');
    return text.trim() === '' ? [] : text.trim().split(' ').map(Number);
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('runs one nvidia-smi, also when the engine comes back while another one is about to be started', async () => {
  const pids = await smiThatEndsOnce();
  const ignore = (): void => undefined;
  const watch = new GpuWatch({
    device: '0',
    memoryLimitBytes: 0,
    intervalMs: INTERVAL_MS,
    onReading: ignore,
    onComplaint: ignore,
    onUnavailable: ignore,
  });
  watch.resume();
  await until('the first has ended', async () => (await pids()).some((pid) => !isRunning(pid)));
  watch.resume();
  await until('the second runs', async () => (await pids()).length === 2);
  // Time for a third, which must not come.
  await sleep(3 * INTERVAL_MS);
  watch.stop();
  await until('none runs', async () => !(await pids()).some(isRunning));
  expect(await pids()).toHaveLength(2);
});
