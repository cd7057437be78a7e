/**
 * A program for a test, which keeps its file descriptors few. It runs an engine and a watch of a GPU, uses the
 * descriptors up, loses both processes, gives the descriptors back once neither could be started, and ends well when
 * both are there again.
 */
import { closeSync, openSync } from 'node:fs';
import { EngineSupervisor } from '../../../../service/engine/process/supervisor.ts';
import { stubLoad } from './stub-load.ts';
import { GpuMonitor } from '../../../../service/observability/gpu-monitor.ts';

const taken: number[] = [];
let readings = 0;
let isUnavailable = false;

const supervisor = new EngineSupervisor({
  load: stubLoad({}),
  startTimeoutMs: 60_000,
  verifyPackage: () => Promise.resolve(''),
  runTimeoutMs: 60_000,
  maxFailures: 50,
  program: new URL('./stub-engine.ts', import.meta.url),
});
const watch = new GpuMonitor({
  device: '0',
  memoryLimitBytes: 0,
  intervalMs: 50,
  silenceMs: 60_000,
  onReading: () => {
    readings++;
  },
  onFault: (_, message) => {
    throw new Error(message);
  },
  onUnavailable: () => {
    isUnavailable = true;
  },
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function takeAll(): void {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // That was the last one.
  }
}

const failures: string[] = [];
supervisor.on('failure', ({ reason }) => failures.push(reason));
supervisor.start();
watch.resume();
await supervisor.whenReady();
await until(() => readings > 0);
takeAll();
supervisor.replace('gpu-error', 'as told');
watch.stop();
// What the lost processes had open is free again.
await until(() => failures.length > 0);
takeAll();
watch.resume();
await until(() => {
  takeAll();
  return isUnavailable && failures.filter((reason) => reason === 'start').length >= 2;
});
process.stdout.write('neither can be started\n');
for (const fd of taken) closeSync(fd);
await supervisor.whenReady();
const before = readings;
await until(() => readings > before);
process.stdout.write('both are there again\n');
watch.stop();
await supervisor.stop();
process.exit(0);
