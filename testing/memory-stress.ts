import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf, processTree } from './process-usage.ts';
import { startServiceProcess, type ServiceProcess } from './service-process.ts';

/** What to send. */
export interface StressLoad {
  /** Pictures by name. Each request sends one at random. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
  readonly clients: number;
  readonly seconds: number;
}

/** Number of answers by picture and status; 0 stands for a broken connection. */
export type StressStatuses = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** What to do to a service of its own. */
export interface StressOrder extends StressLoad {
  /** Folder of the model package. */
  readonly packageDir: string;
  readonly settings: Readonly<Record<string, string>>;
  /** The memory that the service believes to have. */
  readonly limitBytes: number;
}

export interface StressResult {
  /** Most memory of all processes of the service together: resident, and that of its file in memory. */
  readonly peakBytes: number;
  /** The same of the service without its engines. */
  readonly servicePeakBytes: number;
  /** Before the first picture. */
  readonly idleBytes: number;
  readonly statuses: StressStatuses;
  /** Whether the processes are those that were started. */
  readonly survived: boolean;
}

/** How often memory is read. */
const SAMPLE_MS = 20;

/** Sends pictures from several clients at once, and watches the memory of the service. Needs Linux. */
export async function stressMemory(order: StressOrder): Promise<StressResult> {
  const service = await start(order);
  const { pid, url } = service;
  try {
    const processes = processTree(pid);
    const idleBytes = total(processes);
    let [peakBytes, servicePeakBytes] = [0, 0];
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, total(processTree(pid)));
      servicePeakBytes = Math.max(servicePeakBytes, total([pid]));
    }, SAMPLE_MS);
    const statuses = await sendPictures(url, order).finally(() => {
      clearInterval(watch);
    });
    const survived = processTree(pid).join() === processes.join();
    return { peakBytes, servicePeakBytes, idleBytes, statuses, survived };
  } finally {
    await service.stop();
  }
}

function start({ packageDir, settings, limitBytes }: StressOrder): Promise<ServiceProcess> {
  const limit = `data:text/javascript,process.constrainedMemory=()=>${limitBytes}`;
  return startServiceProcess({
    args: ['--model', packageDir],
    settings: { NODE_OPTIONS: `--import=${limit}`, ...settings },
  });
}

/** Sends pictures from several clients at once; a client that gets 429 waits for 200 ms. */
export async function sendPictures(url: string, order: StressLoad): Promise<StressStatuses> {
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

/** Memory of the service and its engines, by process ID, the service first. */
function total(processes: readonly number[]): number {
  const [service] = processes;
  const inMemory = service === undefined ? 0 : inMemoryFiles(service);
  return processes.reduce((sum, pid) => sum + memoryOf(pid)('VmRSS'), inMemory);
}

/** Bytes of the files in memory that a process has open: they count, but not as resident. */
function inMemoryFiles(pid: number): number {
  const seen = new Map<number, number>();
  for (const fd of openFiles(pid)) {
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

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    // The process has ended.
    return [];
  }
}
