import { join } from 'node:path';
import { readIfThere } from '../../../model/read-if-there.ts';

const CGROUPS_FILE = '/proc/self/cgroup';
const CGROUPS_FOLDER = '/sys/fs/cgroup';

/**
 * Recognizes processes that the kernel's out-of-memory killer has ended, by the kills that the cgroup of this process
 * counts. A child process is in the same cgroup.
 */
export class OomKills {
  readonly #count: () => number | undefined;
  /** The kills that a process has claimed, by their number. */
  readonly #claimed = new Set<number>();

  /** @param count the kills so far; undefined where they are not counted. @default {@link countOomKills} */
  constructor(count: () => number | undefined = countOomKills) {
    this.#count = count;
  }

  /**
   * Call it before a process starts: no kill so far can be its own. Kills that others have yet to claim stay theirs, as two
   * processes may be killed at once, and one may be replaced before the end of the other is noticed.
   *
   * @returns a function to call when SIGKILL has ended the process: whether there was a kill since that no other has
   *   claimed; undefined where kills are not counted
   */
  watch(): () => boolean | undefined {
    const before = this.#count();
    return () => {
      const count = this.#count();
      if (before === undefined || count === undefined) return undefined;
      let kill = before + 1;
      while (this.#claimed.has(kill)) kill++;
      if (kill > count) return false;
      this.#claimed.add(kill);
      return true;
    };
  }
}

/**
 * The processes of this cgroup that the kernel has killed for lack of memory, for which cgroup v2 has `memory.events`
 * and v1 `memory.oom_control`.
 *
 * @param cgroups the text of /proc/self/cgroup. @default that of this process
 * @param folder where cgroups are mounted
 * @returns undefined where that is unknown: on other systems, and kernels before 4.13
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
export function countOomKills(
  cgroups = readIfThere(CGROUPS_FILE) ?? '',
  folder: string = CGROUPS_FOLDER,
): number | undefined {
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(cgroups)?.[1];
  const v2 = /^0::(.*)$/m.exec(cgroups)?.[1];
  const [root, path, file] =
    v1 === undefined
      ? [folder, v2 ?? '', 'memory.events']
      : ([join(folder, 'memory'), v1, 'memory.oom_control'] as const);
  // In a container, the path may be that on the host, while its own cgroup is mounted as the root.
  const text = readIfThere(join(root, path, file)) ?? readIfThere(join(root, file));
  const count = /^oom_kill (\d+)$/m.exec(text ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
}
