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
 * @param deadline ends the wait for its first answer
 * @throws Error if it exits, cannot be run or does not answer in time
 */
export async function startPeer(
  python: string,
  peer: keyof typeof PEERS,
  modelPackage: string,
  deadline = AbortSignal.timeout(START_TIMEOUT_MS),
): Promise<PeerProcess> {
  const port = await freePort();
  const program = fileURLToPath(new URL(`${peer}.py`, import.meta.url));
  // Standard output is for the benchmark's report.
  const child = spawn(python, [program, modelPackage, String(port)], { stdio: ['ignore', process.stderr, 'inherit'] });
  const ended = new AbortController();
  for (const event of ['exit', 'error'])
    child.once(event, () => {
      ended.abort();
    });
  const given = AbortSignal.any([ended.signal, deadline]);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(url, { signal: given }).then(...ANSWERED))) {
    if (given.aborted) {
      killAll(child.pid);
      throw new Error(`${peer}.py did not start; install bench/peers/requirements.txt.`);
    }
    await sleep(POLL_MS);
  }
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    const processes = processTree(pid);
    child.kill('SIGTERM');
    if (!ended.signal.aborted) await once(ended.signal, 'abort');
    // LitServe's workers outlive it.
    for (const each of processes) killIfRunning(each);
  };
  return { pid, url, stop };
}

/** Kills a process and all that it has started. */
function killAll(pid: number | undefined): void {
  if (pid !== undefined) for (const each of processTree(pid)) killIfRunning(each);
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
