import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('fastapi_pool.py', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** A server of another kind, running. */
export interface PeerProcess {
  readonly pid: number;
  readonly url: string;
  /** Ends it and waits until it has exited. */
  stop(): Promise<void>;
}

/**
 * Starts fastapi_pool.py and waits until it answers.
 *
 * @param python a Python with requirements.txt installed
 * @param modelPackage folder of a model package
 * @throws Error if it exits or does not answer within a minute
 */
export async function startPeer(python: string, modelPackage: string): Promise<PeerProcess> {
  const port = await freePort();
  const child = spawn(python, [PROGRAM, modelPackage, String(port)], { stdio: ['ignore', 'inherit', 'inherit'] });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const end = performance.now() + START_TIMEOUT_MS;
  while (!(await fetch(url).then(...ANSWERED))) {
    if (child.exitCode !== null || performance.now() > end) {
      child.kill('SIGKILL');
      throw new Error('The Python server did not start; install bench/peers/requirements.txt.');
    }
    await sleep(POLL_MS);
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  return { pid: child.pid ?? 0, url, stop };
}

/** Any answer will do, 404 too. */
const ANSWERED = [() => true, () => false] as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
