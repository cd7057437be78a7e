import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { parseReading } from '../../service/observability/gpu-monitor.ts';
import { metric, predictBody, send, until } from './client.ts';
import type { TestService } from './service.ts';
import { stubServices } from './stub-service.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const stub = stubServices();

/** More than the fake nvidia-smi takes to start, so that the next engine is not replaced as well. */
const SILENCE_MS = 4000;

let folder = '';

beforeAll(() => {
  folder = tempFolder();
});
beforeEach(() => {
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/**
 * Puts an `nvidia-smi` on the PATH that prints one of these lines per reading, and then the last one for ever. A second
 * call makes the one that is running print the new lines.
 */
async function fakeSmi(lines: readonly string[], thenSilent = false): Promise<void> {
  const orders = join(folder, 'orders.json');
  const written = `${orders}.new`;
  await writeFile(written, JSON.stringify({ lines, thenSilent, number: ++order }));
  await rename(written, orders);
  const script = [
    `#!${process.execPath}`,
    "const { readFileSync } = require('node:fs');",
    'let now = { number: 0, lines: [] };',
    'setInterval(() => {',
    `  const next = JSON.parse(readFileSync(${JSON.stringify(orders)}, 'utf8'));`,
    '  if (next.number !== now.number) now = next;',
    '  if (now.lines.length > 1) console.log(now.lines.shift());',
    '  else if (!now.thenSilent) console.log(now.lines[0]);',
    '}, 20);',
  ].join('\n');
  await writeFile(join(folder, 'nvidia-smi'), script);
  await chmod(join(folder, 'nvidia-smi'), 0o755);
}

let order = 0;

/** @param silenceMs by default more than the fake nvidia-smi ever takes to start */
function start(silenceMs = 600_000): Promise<TestService> {
  // The watchdog only watches GPUs in use, so the engine claims to run on CUDA.
  const instructions = { provider: 'cuda' } as const;
  return stub.start(instructions, { GPU_MEMORY_LIMIT_MB: 1000 }, { gpuWatch: { intervalMs: 20, silenceMs } });
}

function restarts({ adminUrl }: TestService, reason: string): Promise<number> {
  return metric(adminUrl, `ofa_ve_engine_restarts_total{reason="${reason}"}`);
}

/** Waits until the engine has been replaced for this reason and the next one answers. */
async function replaced(live: TestService, reason: string): Promise<void> {
  await until('the engine is replaced', async () => (await restarts(live, reason)) > 0);
  // The cause of the replacement is gone.
  await fakeSmi(['0, 900, 1']);
  const body = await predictBody('a');
  await until('the next engine answers', async () => (await send(`${live.url}/predict`, body).outcome).status === 200);
}

it('shows the readings of a healthy GPU and leaves its engine alone', async () => {
  await fakeSmi(['0, 900, 37']);
  const live = await start();
  await until('there are readings', async () => {
    return (await metric(live.adminUrl, 'ofa_ve_gpu_memory_bytes{gpu="0"}')) === 900 * 1024 * 1024;
  });
  expect(await metric(live.adminUrl, 'ofa_ve_gpu_utilization_ratio{gpu="0"}')).toBe(0.37);
  expect(live.model.pool.state.phase).toBe('ready');
});

it('tolerates a peak, and replaces the engine when memory stays over the limit', async () => {
  await fakeSmi(['0, 1100, 1', '0, 900, 1', '0, 1100, 1', '0, 1100, 1', '0, 901, 1']);
  const live = await start();
  await until('the peaks are read', async () => {
    return (await metric(live.adminUrl, 'ofa_ve_gpu_memory_bytes{gpu="0"}')) === 901 * 1024 * 1024;
  });
  expect(await restarts(live, 'gpu_memory')).toBe(0);
  await fakeSmi(['0, 1100, 1']);
  await live.stop();
  const over = await start();
  await replaced(over, 'gpu_memory');
});

it('replaces the engine when the GPU falls silent', async () => {
  await fakeSmi(['0, 900, 1', '0, 900, 1', ''], true);
  const live = await start(SILENCE_MS);
  const shown = async (): Promise<boolean> =>
    /^ofa_ve_gpu_\w+\{/m.test(await (await fetch(`${live.adminUrl}/metrics`)).text());
  await until('there are readings', shown);
  // What it said last is not shown as if it still held.
  await until('there are none', async () => !(await shown()));
  await replaced(live, 'gpu_silent');
});

it('treats unreadable output as silence', async () => {
  await fakeSmi(['0, -5, 12', '0, 900, 900', 'hello'].concat('0; 900; 1'));
  const live = await start(SILENCE_MS);
  await until('silence is noticed', async () => (await restarts(live, 'gpu_silent')) > 0);
  expect(await metric(live.adminUrl, 'ofa_ve_gpu_memory_bytes{gpu="0"}')).toBe(0);
  await replaced(live, 'gpu_silent');
});

it.each([
  '0, [GPU is lost], [GPU is lost]',
  '0, ERR!, ERR!',
  'Unable to determine the device handle for GPU 0000:01:00.0: Unknown Error',
])('replaces the engine when the GPU reports "%s"', async (line) => {
  await fakeSmi(['0, 900, 1', line]);
  const live = await start();
  await replaced(live, 'gpu_error');
});

it('serves without a watchdog if there is no nvidia-smi', async () => {
  await rm(join(folder, 'nvidia-smi'), { force: true });
  vi.stubEnv('PATH', folder);
  const live = await start(50);
  await sleep(200);
  expect((await fetch(`${live.url}/healthz`)).status).toBe(200);
  expect(live.model.pool.state.phase).toBe('ready');
});

it('reads a GPU that reports no utilization', () => {
  expect(parseReading('3, 10, [N/A]')).toEqual({
    gpu: '3',
    memoryBytes: 10 * 1024 * 1024,
    utilization: undefined,
  });
});
