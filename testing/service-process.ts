import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The program as `npx ofa-ve` runs it. */
export const PROGRAM = fileURLToPath(new URL('../bin/ofa-ve.js', import.meta.url));
const START_TIMEOUT_MS = 600_000;

/** The service, running as a program of its own. */
export interface ServiceProcess {
  /** Its process ID. */
  readonly pid: number;
  /** Address of the public port. */
  readonly url: string;
  /** Address of the port for metrics. */
  readonly adminUrl: string;
  /** Host and port for gRPC. */
  readonly grpcAddress: string;
  /** Ends it with SIGTERM and waits until it has exited. */
  stop(): Promise<void>;
}

export interface ServiceCommand {
  /** Arguments of `ofa-ve serve`. */
  readonly args: readonly string[];
  /** Settings besides the ports, which are ephemeral. */
  readonly settings?: Readonly<Record<string, string>>;
  /** @default the Node.js that runs this process */
  readonly node?: string;
  /** Options for Node.js. @default none */
  readonly nodeOptions?: readonly string[];
  /** @default bin/ofa-ve.js of this repository */
  readonly program?: string;
}

/**
 * Starts the service and waits until it is ready.
 *
 * @param pollMs interval between requests to `/readyz`
 * @throws Error if it exits or is not ready within ten minutes
 */
export async function startServiceProcess(command: ServiceCommand, pollMs = 20): Promise<ServiceProcess> {
  const { args, settings, node = process.execPath, nodeOptions = [], program = PROGRAM } = command;
  const child = spawn(node, [...nodeOptions, program, 'serve', ...args], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: '0',
      GRPC_PORT: '0',
      ADMIN_PORT: '0',
      DRAIN_DELAY_MS: '0',
      LOG_LEVEL: 'info',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  const listening = new Promise<Ports>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ports = portsIn(line);
      if (ports !== undefined) resolve(ports);
    });
  });
  const tooEarly = exited.then(() => {
    throw new Error(`The service ended before it was ready: ${errors.trim().slice(-1000)}`);
  });
  tooEarly.catch(() => undefined);
  const { port, grpc_port: grpcPort, admin_port: adminPort } = await Promise.race([listening, tooEarly]);
  const url = `http://127.0.0.1:${port}`;
  try {
    await Promise.race([untilReady(url, pollMs), tooEarly]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  // It has written to its output, so it has started.
  const pid = child.pid ?? 0;
  return { pid, url, adminUrl: `http://127.0.0.1:${adminPort}`, grpcAddress: `127.0.0.1:${grpcPort}`, stop };
}

interface Ports {
  readonly port: number;
  readonly grpc_port: number;
  readonly admin_port: number;
}

/** The ports in the log line that says that the service listens. */
function portsIn(line: string): Ports | undefined {
  if (!line.startsWith('{')) return undefined;
  const logged = JSON.parse(line) as Ports & { readonly msg?: unknown };
  return logged.msg === 'listening' ? logged : undefined;
}

async function untilReady(url: string, pollMs: number): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < end) {
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok === true) return;
    await sleep(pollMs);
  }
  throw new Error(`The service was not ready within ${START_TIMEOUT_MS / 1000} s.`);
}
