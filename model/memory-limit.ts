import { totalmem } from 'node:os';

/** Bytes of memory that this process and its children may use: the container's limit, or else the machine's memory. */
export function memoryLimit(): number {
  // Node.js reads it from the cgroup, of version 1 or 2.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
