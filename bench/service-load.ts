// Measures the throughput of the real service over sockets: with as many clients as its queue holds, then with ten times
// as many, first patient (they wait as Retry-After tells them) and then impatient ones; and optionally a soak test.
// Service, engine, clients and prober are processes of their own.
// usage: node bin/run.js bench/service-load.ts [--soak <minutes>] [--package <folder>]
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openPackage } from '../model/package/open-package.ts';
import type { LoadOrder, LoadResult, Patience, ProbeOrder, ServiceState } from './load/messages.ts';
import { mediumPackage } from './load/package.ts';
import { mebibytes, printReport, quantile, table } from './support/format.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';
import { sourceFlags } from '../model/source-flags.ts';
import { memoryOf } from '../testing/process-usage.ts';

const MEASURE_MS = 20_000;
/** The service's MAX_QUEUE. */
const CAPACITY = 32;
const PICTURE = fileURLToPath(new URL('../demo/examples/3000001.jpg', import.meta.url));

const start = (name: string, env: NodeJS.ProcessEnv = {}): ChildProcess =>
  fork(fileURLToPath(new URL(`load/${name}.ts`, import.meta.url)), {
    execArgv: [...sourceFlags('.ts'), '--expose-gc'],
    env: { ...process.env, ...env },
  });

/** Sends a message to a child and waits for its answer. */
async function ask<T>(child: ChildProcess, message: LoadOrder | ProbeOrder | string): Promise<T> {
  child.send(message);
  return told<T>(child);
}

/** What a child says next. @throws Error if it ends before */
async function told<T>(child: ChildProcess): Promise<T> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`${path.basename(child.spawnargs.at(-1) ?? '')} ended too early.`);
  });
  // When it has answered.
  ended.catch(() => undefined);
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [T];
  waiting.abort();
  return answer;
}

interface Bench {
  readonly service: ChildProcess;
  readonly clients: ChildProcess;
  readonly prober: ChildProcess;
  readonly url: string;
  readonly body: string;
}

interface Measurement {
  readonly load: LoadResult;
  /** Latencies of /livez in milliseconds. */
  readonly live: readonly number[];
}

async function measure(bench: Bench, clients: number, ms: number, patience: Patience): Promise<Measurement> {
  const { url, body } = bench;
  const [load, live] = await Promise.all([
    ask<LoadResult>(bench.clients, { url, body, clients, ms, patience }),
    ask<number[]>(bench.prober, { url, ms }),
  ]);
  return { load, live };
}

const ms = (times: readonly number[], share: number): string => `${quantile(times, share).toFixed(1)} ms`;

function row(name: string, { load, live }: Measurement, full: Measurement): string[] {
  const counts = Object.entries(load.statuses).map(([status, count]) => `${count} x ${status}`);
  return [
    name,
    load.answersPerSecond.toFixed(1),
    (load.answersPerSecond / full.load.answersPerSecond).toFixed(3),
    ms(load.latencies, 0.5),
    ms(load.latencies, 0.99),
    `${ms(live, 0.5)}, ${ms(live, 1)}`,
    counts.join(', '),
  ];
}

async function memoryRow(bench: Bench, when: string): Promise<string[]> {
  const state = await ask<ServiceState>(bench.service, 'collect');
  const bytes = [state.residentBytes, state.heapBytes, state.externalBytes, memoryOf(state.enginePid ?? 0)('VmRSS')];
  return [when, ...bytes.map(mebibytes), String(state.handles)];
}

/** Keeps the queue overfull for some minutes. @returns a table of the memory */
async function soak(bench: Bench, minutes: number): Promise<string> {
  const rows = [await memoryRow(bench, 'start')];
  for (let minute = 1; minute <= minutes; minute++) {
    console.error(`soak, minute ${minute} of ${minutes}`);
    // 1.5 times what the queue holds, so that some requests are always refused.
    await measure(bench, CAPACITY * 1.5, 60_000, { ms: 250 });
    rows.push(await memoryRow(bench, `${minute} min`));
  }
  return table(['soak', 'service', 'its heap', 'its buffers', 'engine', 'handles'], rows);
}

async function run(bench: Bench, soakMinutes: number): Promise<void> {
  await measure(bench, CAPACITY, 4000, 'retry-after');
  const full = await measure(bench, CAPACITY, MEASURE_MS, 'retry-after');
  const patient = await measure(bench, CAPACITY * 10, MEASURE_MS, 'retry-after');
  const impatient = await measure(bench, CAPACITY * 10, MEASURE_MS, { ms: 250 });
  const loads = table(
    ['clients', 'answers/s', 'ratio', 'median', '99 %', '/livez: median, most', 'responses'],
    [
      row(`${CAPACITY}, as the queue holds`, full, full),
      row(`${CAPACITY * 10}, patient`, patient, full),
      row(`${CAPACITY * 10}, impatient`, impatient, full),
    ],
  );
  printReport(loads, ...(soakMinutes > 0 ? [await soak(bench, soakMinutes)] : []));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { soak: { type: 'string' }, package: { type: 'string' } } });
  const soakMinutes = values.soak === undefined ? 0 : wholeNumber('--soak', values.soak);
  // Before a process fails by it.
  if (values.package !== undefined) await openPackage(values.package);
  const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-load-'));
  try {
    const service = start('service', {
      MODEL_DIR: values.package ?? (await mediumPackage(folder)),
      HOST: '127.0.0.1',
      PORT: '0',
      GRPC_PORT: 'off',
      ADMIN_PORT: '0',
      DRAIN_DELAY_MS: '0',
      MAX_QUEUE: String(CAPACITY),
      DEVICE: 'cpu',
      FEATURE_CACHE_MB: '0',
      ENGINE_THREADS: '1',
    });
    const { url } = await told<{ url: string }>(service);
    const body = JSON.stringify({
      image: (await readFile(PICTURE)).toString('base64'),
      text: 'there are two red circles',
    });
    const [clients, prober] = [start('clients'), start('prober')];
    await run({ service, clients, prober, url, body }, soakMinutes);
    service.send('stop');
    clients.disconnect();
    prober.disconnect();
    await once(service, 'exit');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main);
