import { readdirSync } from 'node:fs';
import { readIfThere } from '../model/read-if-there.ts';

/** Linux counts processor time in ticks of this many milliseconds, on every architecture. */
const TICK_MS = 10;

/** A process and all that it has started and that still runs, itself first; without /proc, only the process. */
export function processTree(pid: number): number[] {
  const children = threads(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

/** The memory of a process in bytes, by field of proc_pid_status(5) such as VmRSS; 0 if it has ended. */
export function memoryOf(pid: number): (field: string) => number {
  const status = read(`/proc/${pid}/status`);
  return (field) => bytesOf(status, field);
}

/** Processor time of a process in milliseconds, since its start. */
export function processorMs(pid: number): { readonly all: number; readonly mainThread: number } {
  return { all: ticks(`/proc/${pid}/stat`) * TICK_MS, mainThread: ticks(`/proc/${pid}/task/${pid}/stat`) * TICK_MS };
}

/**
 * Memory of processes in bytes: what their PSS adds up to where no other process maps the same files. So it does not
 * depend on what else runs on the machine.
 */
export function proportionalBytes(pids: readonly number[]): number {
  let anonymous = 0;
  const shared = new Map<string, number>();
  for (const pid of pids) {
    for (const { mapping, resident, own } of mappings(pid)) {
      anonymous += own;
      shared.set(mapping, Math.max(shared.get(mapping) ?? 0, resident - own));
    }
  }
  return anonymous + [...shared.values()].reduce((sum, bytes) => sum + bytes, 0);
}

interface Mapping {
  /** Names the part of the file that is mapped. */
  readonly mapping: string;
  readonly resident: number;
  /** Bytes that are not shared with the file. */
  readonly own: number;
}

function* mappings(pid: number): Generator<Mapping, void> {
  for (const block of read(`/proc/${pid}/smaps`).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, offset = '', device = '', inode = ''] = /^\S+ \S+ (\S+) (\S+) (\d+)/.exec(block) ?? [];
    yield {
      mapping: `${device} ${inode} ${offset}`,
      resident: bytesOf(block, 'Rss'),
      own: bytesOf(block, 'Anonymous'),
    };
  }
}

/** User and system time by a `stat` file of proc(5), whose second field may contain spaces. */
function ticks(file: string): number {
  const fields = read(file)
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // The process has ended.
    return [];
  }
}

/** Empty if the process has ended. */
function read(file: string): string {
  return readIfThere(file) ?? '';
}

/** A field in kB of a file of /proc, in bytes; 0 if there is none. */
function bytesOf(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
}
