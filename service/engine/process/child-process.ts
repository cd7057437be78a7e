import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

const children = new Set<ChildProcess>();

/**
 * Kills a child process when this process exits, for whatever reason: a child that hangs in a native call does not
 * notice that its parent is gone, and would keep its GPU.
 */
export function killOnExit(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (children.size === 0) process.on('exit', killAll);
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', killAll);
  });
}

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** A child's stdout and stderr. A process that could not be started for lack of file descriptors has neither. */
export function outputsOf(child: ChildProcess): Readable[] {
  const streams: readonly (Readable | null | undefined)[] = [child.stdout, child.stderr];
  return streams.filter((stream) => stream !== null && stream !== undefined);
}
