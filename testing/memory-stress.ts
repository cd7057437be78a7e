import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROGRAM } from './cli.ts';

/** What to do to the service. */
export interface StressOrder {
  /** Folder of the model package. */
  readonly packageDir: string;
  readonly settings: Readonly<Record<string, string>>;
  /** The memory that the service believes to have. */
  readonly limitBytes: number;
  /** Pictures by name. Each request sends one at random. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
  readonly clients: number;
  readonly seconds: number;
}

export interface StressResult {
  /** Most memory of all processes of the service together: resident, and that of its file in memory. */
  readonly peakBytes: number;
  /** The same of the service without its engines. */
  readonly servicePeakBytes: number;
  /** Before the first picture. */
  readonly idleBytes: number;
  /** Number of answers by picture and status; 0 stands for a broken connection. */
  readonly statuses: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Whether the processes are those that were started. */
  readonly survived: boolean;
}

/** How often memory is read. */
const SAMPLE_MS = 20;
const START_MS = 120_000;

/** Sends pictures from several clients at once, and watches the memory of the service. Needs Linux. */
export async function stressMemory(order: StressOrder): Promise<StressResult> {
  const { child, url } = await start(order);
  try {
    const processes = processesOf(child);
    const idleBytes = total(processes);
    let [peakBytes, servicePeakBytes] = [0, 0];
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, total(processesOf(child)));
      servicePeakBytes = Math.max(servicePeakBytes, total(processesOf(child).slice(0, 1)));
    }, SAMPLE_MS);
    const statuses = await sendAll(url, order).finally(() => {
      clearInterval(watch);
    });
    const survived = child.exitCode === null && processesOf(child).join() === processes.join();
    return { peakBytes, servicePeakBytes, idleBytes, statuses, survived };
  } finally {
    const exited = once(child, 'exit');
    if (child.kill('SIGTERM')) await exited;
  }
}

async function start({ packageDir, settings, limitBytes }: StressOrder): Promise<{ child: ChildProcess; url: string }> {
  const limit = `data:text/javascript,process.constrainedMemory=()=>${limitBytes}`;
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--model', packageDir], {
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${limit}`,
      HOST: '127.0.0.1',
      PORT: '0',
      GRPC_PORT: '0',
      ADMIN_PORT: '0',
      DRAIN_DELAY_MS: '0',
      LOG_LEVEL: 'info',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const { msg, port: found } = JSON.parse(line) as { msg?: string; port: number };
      if (msg === 'listening') resolve(found);
    });
  });
  const url = `http://127.0.0.1:${await port}`;
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    if ((await fetch(`${url}/readyz`)).ok) return { child, url };
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error(`The service was not ready within ${START_MS / 1000} s.`);
}

async function sendAll(url: string, order: StressOrder): Promise<StressResult['statuses']> {
  const statuses = new Map<string, Map<number, number>>();
  const names = [...order.pictures.keys()];
  const end = performance.now() + order.seconds * 1000;
  let sent = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      // All of them in turn first, then at random.
      const index = sent < names.length ? sent : Math.floor(Math.random() * names.length);
      const name = names[index] ?? '';
      sent++;
      const status = await send(url, order.pictures.get(name) ?? new Uint8Array(), `There are ${sent} red squares.`);
      const counts = statuses.get(name) ?? new Map<number, number>();
      statuses.set(name, counts.set(status, (counts.get(status) ?? 0) + 1));
      if (status === 429) await sleep(200);
    }
  };
  await Promise.all(Array.from({ length: order.clients }, client));
  return statuses;
}

async function send(url: string, picture: Uint8Array, text: string): Promise<number> {
  const form = new FormData();
  form.append('text', text);
  form.append('image', new Blob([picture]), 'picture');
  try {
    const response = await fetch(`${url}/predict`, { method: 'POST', body: form });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** The service and its engines, by process id. */
function processesOf({ pid = 0 }: ChildProcess): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
}

function total(processes: readonly number[]): number {
  const [service] = processes;
  return processes.reduce((sum, pid) => sum + resident(pid), service === undefined ? 0 : inMemoryFiles(service));
}

function resident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Bytes of the files in memory that a process has open: they count, but not as resident. */
function inMemoryFiles(pid: number): number {
  const seen = new Map<number, number>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const path = `/proc/${pid}/fd/${fd}`;
    try {
      if (!/^\/(memfd:|dev\/shm\/)/.test(readlinkSync(path))) continue;
      const { ino, blocks } = statSync(path);
      seen.set(ino, blocks * 512);
    } catch {
      // It was closed meanwhile.
    }
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}
