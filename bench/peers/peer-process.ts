import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../testing/free-port.ts';
import { processTree } from '../../testing/process-usage.ts';

/** Python servers that answer forms at /predict, and what each is. */
export const PEERS = {
  fastapi_pool: 'FastAPI, thread pool',
  fastapi_workers: 'FastAPI, two workers',
  litserve_batch: 'LitServe, batches of 8',
} as const;
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** A running server of another kind. */
export interface PeerProcess {
  readonly pid: number;
  readonly url: string;
  /** Ends it and waits until it has exited. */
  stop(): Promise<void>;
}

/**
 * Starts a Python server and waits until it answers.
 *
 * @param python a Python with requirements.txt installed
 * @param modelPackage folder of a model package
 * @throws Error if it exits or does not answer within a minute
 */
export async function startPeer(python: string, peer: keyof typeof PEERS, modelPackage: string): Promise<PeerProcess> {
  const port = await freePort();
  const program = fileURLToPath(new URL(`${peer}.py`, import.meta.url));
  // Standard output is for the benchmark's report.
  const child = spawn(python, [program, modelPackage, String(port)], { stdio: ['ignore', process.stderr, 'inherit'] });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const end = performance.now() + START_TIMEOUT_MS;
  while (!(await fetch(url).then(...ANSWERED))) {
    if (child.exitCode !== null || performance.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`${peer}.py did not start; install bench/peers/requirements.txt.`);
    }
    await sleep(POLL_MS);
  }
  const stop = async (): Promise<void> => {
    const processes = processTree(child.pid ?? 0);
    child.kill('SIGTERM');
    await exited;
    // LitServe's workers outlive it.
    for (const pid of processes) killIfRunning(pid);
  };
  return { pid: child.pid ?? 0, url, stop };
}

function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Any answer will do, 404 too. */
const ANSWERED = [() => true, () => false] as const;
