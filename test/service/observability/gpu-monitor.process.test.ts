import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  GpuMonitor,
  type GpuReading,
  type GpuMonitorOptions,
} from '../../../service/observability/gpu-monitor.ts';
import { until } from '../../e2e/client.ts';
import { fakeSmi, type FakeGpu } from '../../../testing/fake-smi.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const INTERVAL_MS = 300;
let folder = '';

beforeEach(() => {
  folder = tempFolder();
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
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

/** A watch that is on, and what it has told. */
function startGpuWatchdog(options: Partial<GpuMonitorOptions> = {}): {
  watch: GpuMonitor;
  readings: GpuReading[];
  complaints: string[];
  unavailable: string[];
} {
  const told = { readings: [] as GpuReading[], complaints: [] as string[], unavailable: [] as string[] };
  const watch = new GpuMonitor({
    device: '0',
    memoryLimitBytes: 0,
    intervalMs: 20,
    silenceMs: 60_000,
    onReading: (reading) => told.readings.push(reading),
    onFault: (complaint) => told.complaints.push(complaint),
    onUnavailable: (message) => told.unavailable.push(message),
    ...options,
  });
  watch.resume();
  onTestFinished(() => {
    watch.stop();
  });
  return { watch, ...told };
}

async function smiOf(...readings: readonly (readonly string[])[]): Promise<void> {
  const gpus = readings.map((lines, index): FakeGpu => ({ index, uuid: `GPU-${index}`, readings: lines }));
  const smi = await fakeSmi(gpus);
  onTestFinished(() => {
    smi.remove();
  });
}

it('runs one nvidia-smi, also when the engine comes back while another one is about to be started', async () => {
  const pids = await smiThatEndsOnce();
  const { watch } = startGpuWatchdog({ intervalMs: INTERVAL_MS });
  await until('the first has ended', async () => (await pids()).some((pid) => !isRunning(pid)));
  watch.resume();
  await until('the second runs', async () => (await pids()).length === 2);
  // Time for a third, which must not come.
  await sleep(3 * INTERVAL_MS);
  watch.stop();
  await until('none runs', async () => !(await pids()).some(isRunning));
  expect(await pids()).toHaveLength(2);
});

it('tries an nvidia-smi again that cannot be started for the moment', async () => {
  vi.stubEnv('PATH', folder);
  const program = join(folder, 'nvidia-smi');
  const script = `#!${process.execPath}\nsetInterval(() => console.log('0, 900, 1'), 20);`;
  await writeFile(program, script, { mode: 0o644 });
  const { readings, complaints, unavailable } = startGpuWatchdog();
  await until('it could not be started', () => unavailable.length > 0);
  await chmod(program, 0o755);
  await until('there are readings', () => readings.length > 0);
  expect([unavailable.length, complaints]).toEqual([1, []]);
});

it('does not take for silence what this process was too stalled to hear', async () => {
  await smiOf(['0, 900, 1']);
  const { readings, complaints } = startGpuWatchdog({ silenceMs: 2000 });
  await until('there are readings', () => readings.length > 0);
  const before = readings.length;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  await until('there are more readings', () => readings.length > before);
  expect(complaints).toEqual([]);
});

describe('readings', () => {
  it('without a utilization are no errors', async () => {
    await smiOf(['0, 900, [Unknown Error]']);
    const { readings, complaints } = startGpuWatchdog();
    await until('there are readings', () => readings.length > 2);
    expect(readings[0]).toMatchObject({ memoryBytes: 900 * 1024 * 1024, utilization: undefined });
    expect(complaints).toEqual([]);
  });

  it('without anything are errors', async () => {
    await smiOf(['0, [Unknown Error], [Unknown Error]']);
    const { complaints } = startGpuWatchdog();
    await until('there is a complaint', () => complaints.length > 0);
    expect(complaints).toEqual(['gpu-error']);
  });

  it('of several GPUs count for each GPU by itself', async () => {
    await smiOf(['0, 2000, 1'], ['1, 100, 1']);
    const { complaints } = startGpuWatchdog({ device: '', memoryLimitBytes: 1000 * 1024 * 1024 });
    await until('there is a complaint', () => complaints.length > 0);
    expect(complaints).toEqual(['gpu-memory']);
  });
});

/** An `nvidia-smi` that gives one reading of GPU 0 and then does this. A shell's, as that starts in no time. */
async function smiOfOneReading(then: string): Promise<void> {
  const program = join(folder, 'nvidia-smi');
  await writeFile(program, ['#!/bin/sh', "echo '0, 900, 37'", then].join('\n'));
  await chmod(program, 0o755);
  // No other one, which a machine with a GPU has.
  vi.stubEnv('PATH', folder);
}

/** A watch that notes what it was told, in order. */
function noting(silenceMs = 60_000): { watch: GpuMonitor; told: string[] } {
  const told: string[] = [];
  const watch = new GpuMonitor({
    device: '0',
    memoryLimitBytes: 0,
    intervalMs: 20,
    silenceMs,
    onReading: ({ gpu }) => told.push(`reading of ${gpu}`),
    onStale: (gpu) => told.push(`nothing of ${gpu}`),
    onFault: (complaint) => told.push(complaint),
    onUnavailable: () => told.push('unavailable'),
  });
  return { watch, told };
}

const STAY = 'exec /bin/sleep 1000';

it('takes a reading back when nvidia-smi stalls', async () => {
  await smiOfOneReading(STAY);
  const { watch, told } = noting(2500);
  watch.resume();
  await until('it complains', () => told.includes('gpu-silent'));
  watch.stop();
  expect(told).toEqual(['reading of 0', 'nothing of 0', 'gpu-silent']);
});

it('takes a reading back when nvidia-smi stalls while the engine is away', async () => {
  await smiOfOneReading(STAY);
  const { watch, told } = noting(2500);
  watch.resume();
  await until('there is a reading', () => told.length > 0);
  watch.pause();
  await until('it is taken back', () => told.length > 1);
  watch.stop();
  expect(told).toEqual(['reading of 0', 'nothing of 0']);
});

it('takes a reading back when the GPU fails', async () => {
  await smiOfOneReading(`echo '0, ERR!, ERR!'; ${STAY}`);
  const { watch, told } = noting();
  watch.resume();
  await until('it complains', () => told.includes('gpu-error'));
  watch.stop();
  expect(told).toEqual(['reading of 0', 'nothing of 0', 'gpu-error']);
});

it('takes a reading back when nvidia-smi is gone', async () => {
  await smiOfOneReading('exec /bin/rm "$0"');
  const { watch, told } = noting();
  watch.resume();
  await until('it cannot be started again', () => told.includes('unavailable'));
  expect(told).toEqual(['reading of 0', 'nothing of 0', 'unavailable']);
});

it('takes a reading back when the watch ends', async () => {
  await smiOfOneReading(STAY);
  const { watch, told } = noting();
  watch.resume();
  await until('there is a reading', () => told.length > 0);
  watch.stop();
  expect(told).toEqual(['reading of 0', 'nothing of 0']);
});
