import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Marks this process as the owner of a file or folder, in characters that a file name may have. A process's id would not
 * do: containers that share a volume have the same ones.
 */
export function processMark(): string {
  return `${process.pid}-${processSpace()}`;
}

/** Whether the process of a mark is known to have ended: its id must be of this kernel and container. */
export function hasEnded(mark: string): boolean {
  const [pid = '', space] = mark.split('-');
  return space !== '' && space === processSpace() && !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * Identifies what assigns process ids: the boot of the machine and the namespace. Empty where the system does not say.
 */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const space = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
    return createHash('sha256').update(space).digest('hex').slice(0, 16);
  } catch {
    return '';
  }
}
