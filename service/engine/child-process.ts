import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What a child writes. A process that could not be started for want of file descriptors has no streams. */
export function streamsOf(child: ChildProcess): Readable[] {
  const streams: readonly (Readable | null | undefined)[] = [child.stdout, child.stderr];
  return streams.filter((stream) => stream !== null && stream !== undefined);
}
