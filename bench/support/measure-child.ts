import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { sourceFlags } from '../../model/source-flags.ts';
import { memoryOf, processTree } from '../../testing/process-usage.ts';

export interface ChildRun {
  readonly seconds: number;
  /** Peak resident memory of the process and its descendants together; undefined without /proc. */
  readonly peakBytes: number | undefined;
  /** Peak of the part that is not mapped from files, which the system cannot evict. */
  readonly peakAnonymousBytes: number | undefined;
  readonly stdout: string;
}

const SAMPLE_MS = 50;
/** Default timeout: many times what the slowest program takes. */
export const CHILD_TIMEOUT_MS = 20 * 60_000;

/**
 * Runs a program of this repository in a Node process of its own and samples its memory.
 *
 * @param script file of the program, JavaScript or TypeScript
 * @param timeoutMs time after which it is killed
 * @param environment environment variables besides those of this process
 * @throws Error with the end of its stderr if it fails or is killed
 */
export async function runChild(
  script: string,
  args: readonly string[],
  timeoutMs = CHILD_TIMEOUT_MS,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildRun> {
  const started = performance.now();
  const child = spawn(process.execPath, [...sourceFlags(script), script, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const peak = { total: 0, anonymous: 0 };
  const watch = watchMemory(child.pid ?? 0, peak);
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
    timer = setTimeout(() => {
      abandon(child);
      reject(
        new Error(`${script} did not end within ${timeoutMs / 1000} s and was killed. ${stderr.trim().slice(-1000)}`),
      );
    }, timeoutMs);
  });
  const code = await ended.finally(() => {
    clearTimeout(timer);
    return watch.stop();
  });
  if (code !== 0) {
    throw new Error(`${script} ${args.join(' ')} failed (${code ?? 'killed'}): ${stderr.trim().slice(-1000)}`);
  }
  return {
    seconds: (performance.now() - started) / 1000,
    peakBytes: peak.total || undefined,
    peakAnonymousBytes: peak.anonymous || undefined,
    stdout,
  };
}

/** Kills a process without waiting for its exit: SIGKILL does not end one that hangs in a driver. */
function abandon(child: ChildProcessByStdio<null, Readable, Readable>): void {
  child.kill('SIGKILL');
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
}

function watchMemory(pid: number, peak: { total: number; anonymous: number }): { stop(): Promise<void> } {
  let running = true;
  const loop = async (): Promise<void> => {
    while (running) {
      let total = 0;
      let anonymous = 0;
      let highest = 0;
      for (const memory of processTree(pid).map(memoryOf)) {
        total += memory('VmRSS');
        anonymous += memory('RssAnon');
        highest = Math.max(highest, memory('VmHWM'));
      }
      // The kernel's high-water mark includes peaks between two samples.
      peak.total = Math.max(peak.total, total, highest);
      peak.anonymous = Math.max(peak.anonymous, anonymous);
      await sleep(SAMPLE_MS);
    }
  };
  const done = loop();
  return {
    async stop() {
      running = false;
      await done;
    },
  };
}
