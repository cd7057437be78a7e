import { writeFileSync } from 'node:fs';

/** Highest value of oom_score_adj. */
const MOST = '1000';

/**
 * Makes this process the first that the kernel kills when memory runs out. Raising one's own score needs no privilege.
 * Where there is none, as outside Linux, nothing happens.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
 */
export function raiseOomScore(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', MOST);
  } catch {
    // The kernel then decides by the memory of the processes alone.
  }
}
