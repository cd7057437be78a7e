import { setTimeout as sleep } from 'node:timers/promises';
import { GpuMonitor } from '../../service/observability/gpu-monitor.ts';
import type { GpuReading } from '../../service/observability/gpu-monitor.ts';
import type { Check, Finding } from './check.ts';
import { gibibytes } from './check.ts';

const WATCH_MS = 5000;
const INTERVAL_MS = 500;
/** Of ten that are due: the first one waits for the driver. */
const ENOUGH_READINGS = 4;

/** Whether the service's watchdog understands what the real `nvidia-smi` prints. */
export const watchdogCheck: Check = {
  name: 'watchdog',
  async run({ gpus }) {
    if (gpus.length === 0) return { verdict: 'skipped', summary: 'There is no GPU whose readings to read.' };
    const findings = await Promise.all(gpus.map(({ index, gpuUuid }) => watch(index, gpuUuid)));
    const failed = findings.filter(({ verdict }) => verdict === 'failed');
    return {
      verdict: failed.length === 0 ? 'passed' : 'failed',
      summary: (failed.length === 0 ? findings : failed).map(({ summary }) => summary).join(' '),
      data: findings.map(({ data }) => data),
    };
  },
};

async function watch(index: string, device: string): Promise<Finding> {
  const readings: GpuReading[] = [];
  const complaints: string[] = [];
  const note = (message: string): void => void complaints.push(message);
  const one = new GpuMonitor({
    device,
    memoryLimitBytes: 0,
    intervalMs: INTERVAL_MS,
    silenceMs: WATCH_MS,
    onReading: (reading) => readings.push(reading),
    onFault: (_, message) => {
      note(message);
    },
    onUnavailable: note,
  });
  one.resume();
  await sleep(WATCH_MS + 2 * INTERVAL_MS);
  one.stop();
  const last = readings.at(-1);
  const isRead = readings.length >= ENOUGH_READINGS && complaints.length === 0;
  const memory = last?.memoryBytes === undefined ? 'memory not told' : gibibytes(last.memoryBytes);
  return {
    verdict: isRead ? 'passed' : 'failed',
    summary: isRead
      ? `GPU ${index}: ${readings.length} readings, the last: ${memory} in use.`
      : `GPU ${index}: ${readings.length} readings in ${WATCH_MS / 1000} s${complaints.map((text) => `; ${text}`).join('')}.`,
    data: { gpu: index, readings, complaints },
  };
}
