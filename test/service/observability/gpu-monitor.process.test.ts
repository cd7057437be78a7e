import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GpuMonitor, type GpuReading, type GpuMonitorOptions } from '../../../service/observability/gpu-monitor.ts';
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

/** A running monitor and what it has reported. */
function startMonitor(options: Partial<GpuMonitorOptions> = {}): {
  monitor: GpuMonitor;
  readings: GpuReading[];
  faults: string[];
  unavailable: string[];
} {
  const events = { readings: [] as GpuReading[], faults: [] as string[], unavailable: [] as string[] };
  const monitor = new GpuMonitor({
    device: '0',
    memoryLimitBytes: 0,
    intervalMs: 20,
    silenceMs: 60_000,
    onReading: (reading) => events.readings.push(reading),
    onFault: (fault) => events.faults.push(fault),
    onUnavailable: (message) => events.unavailable.push(message),
    ...options,
  });
  monitor.resume();
  onTestFinished(() => {
    monitor.stop();
  });
  return { monitor, ...events };
}

async function smiOf(...readings: readonly (readonly string[])[]): Promise<void> {
  const gpus = readings.map((lines, index): FakeGpu => ({ index, uuid: `GPU-${index}`, readings: lines }));
  const smi = await fakeSmi(gpus);
  onTestFinished(() => {
    smi.remove();
  });
}

it('runs only one nvidia-smi, even if it is resumed while one is about to be started', async () => {
  const pids = await smiThatEndsOnce();
  const { monitor } = startMonitor({ intervalMs: INTERVAL_MS });
  await until('the first has ended', async () => (await pids()).some((pid) => !isRunning(pid)));
  monitor.resume();
  await until('the second runs', async () => (await pids()).length === 2);
  // Time for a third, which must not come.
  await sleep(3 * INTERVAL_MS);
  monitor.stop();
  await until('none runs', async () => !(await pids()).some(isRunning));
  expect(await pids()).toHaveLength(2);
});

it('tries again if nvidia-smi cannot be started temporarily', async () => {
  vi.stubEnv('PATH', folder);
  const program = join(folder, 'nvidia-smi');
  const script = `#!${process.execPath}\nsetInterval(() => console.log('0, 900, 1'), 20);`;
  await writeFile(program, script, { mode: 0o644 });
  const { readings, faults, unavailable } = startMonitor();
  await until('it could not be started', () => unavailable.length > 0);
  await chmod(program, 0o755);
  await until('there are readings', () => readings.length > 0);
  expect([unavailable.length, faults]).toEqual([1, []]);
});

it('does not report silence while this process is suspended', async () => {
  await smiOf(['0, 900, 1']);
  const { readings, faults } = startMonitor({ silenceMs: 2000 });
  await until('there are readings', () => readings.length > 0);
  const before = readings.length;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  await until('there are more readings', () => readings.length > before);
  expect(faults).toEqual([]);
});

describe('readings', () => {
  it('without a utilization are no fault', async () => {
    await smiOf(['0, 900, [Unknown Error]']);
    const { readings, faults } = startMonitor();
    await until('there are readings', () => readings.length > 2);
    expect(readings[0]).toMatchObject({ memoryBytes: 900 * 1024 * 1024, utilization: undefined });
    expect(faults).toEqual([]);
  });

  it('without any value are a fault', async () => {
    await smiOf(['0, [Unknown Error], [Unknown Error]']);
    const { faults } = startMonitor();
    await until('it reports a fault', () => faults.length > 0);
    expect(faults).toEqual(['gpu-error']);
  });

  it('are counted separately for each GPU', async () => {
    await smiOf(['0, 2000, 1'], ['1, 100, 1']);
    const { faults } = startMonitor({ device: '', memoryLimitBytes: 1000 * 1024 * 1024 });
    await until('it reports a fault', () => faults.length > 0);
    expect(faults).toEqual(['gpu-memory']);
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

/** A monitor that records its events in order. */
function recording(silenceMs = 60_000): { monitor: GpuMonitor; events: string[] } {
  const events: string[] = [];
  const monitor = new GpuMonitor({
    device: '0',
    memoryLimitBytes: 0,
    intervalMs: 20,
    silenceMs,
    onReading: ({ gpu }) => events.push(`reading of ${gpu}`),
    onStale: (gpu) => events.push(`nothing of ${gpu}`),
    onFault: (fault) => events.push(fault),
    onUnavailable: () => events.push('unavailable'),
  });
  return { monitor, events };
}

const STAY = 'exec /bin/sleep 1000';

it('marks a reading as stale when nvidia-smi stalls', async () => {
  await smiOfOneReading(STAY);
  const { monitor, events } = recording(2500);
  monitor.resume();
  await until('it reports a fault', () => events.includes('gpu-silent'));
  monitor.stop();
  expect(events).toEqual(['reading of 0', 'nothing of 0', 'gpu-silent']);
});

it('marks a reading as stale when nvidia-smi stalls while paused', async () => {
  await smiOfOneReading(STAY);
  const { monitor, events } = recording(2500);
  monitor.resume();
  await until('there is a reading', () => events.length > 0);
  monitor.pause();
  await until('it is stale', () => events.length > 1);
  monitor.stop();
  expect(events).toEqual(['reading of 0', 'nothing of 0']);
});

it('marks a reading as stale when the GPU fails', async () => {
  await smiOfOneReading(`echo '0, ERR!, ERR!'; ${STAY}`);
  const { monitor, events } = recording();
  monitor.resume();
  await until('it reports a fault', () => events.includes('gpu-error'));
  monitor.stop();
  expect(events).toEqual(['reading of 0', 'nothing of 0', 'gpu-error']);
});

it('marks a reading as stale when nvidia-smi is gone', async () => {
  await smiOfOneReading('exec /bin/rm "$0"');
  const { monitor, events } = recording();
  monitor.resume();
  await until('it cannot be started again', () => events.includes('unavailable'));
  expect(events).toEqual(['reading of 0', 'nothing of 0', 'unavailable']);
});

it('marks a reading as stale when it is stopped', async () => {
  await smiOfOneReading(STAY);
  const { monitor, events } = recording();
  monitor.resume();
  await until('there is a reading', () => events.length > 0);
  monitor.stop();
  expect(events).toEqual(['reading of 0', 'nothing of 0']);
});
