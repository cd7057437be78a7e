import { setTimeout as sleep } from 'node:timers/promises';
import { GpuMonitor, type GpuReading } from '../../service/observability/gpu-monitor.ts';
import type { Check, Finding } from './check.ts';
import { gibibytes } from '../support/format.ts';

const WATCH_MS = 5000;
const INTERVAL_MS = 500;
/** Ten are due, but the first one waits for the driver. */
const ENOUGH_READINGS = 4;

/** Whether the service's GPU monitor understands the output of the real `nvidia-smi`. */
export const watchdogCheck: Check = {
  name: 'watchdog',
  async run({ gpus }) {
    if (gpus.length === 0) return { verdict: 'skipped', summary: 'There is no GPU to monitor.' };
    const findings = await Promise.all(gpus.map(({ index, gpuUuid }) => monitorFor(index, gpuUuid)));
    const failed = findings.filter(({ verdict }) => verdict === 'failed');
    return {
      verdict: failed.length === 0 ? 'passed' : 'failed',
      summary: (failed.length === 0 ? findings : failed).map(({ summary }) => summary).join(' '),
      data: findings.map(({ data }) => data),
    };
  },
};

async function monitorFor(index: string, device: string): Promise<Finding> {
  const readings: GpuReading[] = [];
  const faults: string[] = [];
  const monitor = new GpuMonitor({
    device,
    memoryLimitBytes: 0,
    intervalMs: INTERVAL_MS,
    silenceMs: WATCH_MS,
    onReading: (reading) => readings.push(reading),
    onFault: (_, message) => faults.push(message),
    onUnavailable: (message) => faults.push(message),
  });
  monitor.resume();
  await sleep(WATCH_MS + 2 * INTERVAL_MS);
  monitor.stop();
  const last = readings.at(-1);
  const isRead = readings.length >= ENOUGH_READINGS && faults.length === 0;
  const memory = last?.memoryBytes === undefined ? 'unknown memory' : gibibytes(last.memoryBytes);
  return {
    verdict: isRead ? 'passed' : 'failed',
    summary: isRead
      ? `GPU ${index}: ${readings.length} readings, the last with ${memory} in use.`
      : `GPU ${index}: ${readings.length} readings in ${WATCH_MS / 1000} s${faults.map((text) => `; ${text}`).join('')}.`,
    data: { gpu: index, readings, faults },
  };
}
