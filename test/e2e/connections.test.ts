import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { memoryOf } from '../../testing/process-usage.ts';
import { PROGRAM } from '../../testing/service-process.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { until } from './client.ts';

let packageDir = '';
let child: ChildProcess | undefined;
const opened: Socket[] = [];

beforeAll(async () => {
  packageDir = await fixturePackage('mini-none');
});
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  child?.kill('SIGKILL');
});

interface Ports {
  readonly port: number;
  readonly admin: number;
}

/** Has a program's clock jump ahead by more than the minute in which clients have to take an answer, on SIGUSR2. */
const JUMP = `process.on('SIGUSR2', () => {
  const now = performance.now.bind(performance);
  performance.now = () => now() + 65_000;
});`;

/** Starts the real program with at most so many file descriptors, and waits until it is ready. */
async function start(descriptors: number): Promise<Ports> {
  const command = `ulimit -n ${descriptors}; exec "$0" "$@"`;
  const args = ['-c', command, process.execPath, PROGRAM, 'serve', '--model', packageDir, '--port', '0'];
  const program = spawn('sh', args, {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      GRPC_PORT: 'off',
      ADMIN_PORT: '0',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(JUMP)}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = program;
  const log: { msg: string; port?: number; admin_port?: number }[] = [];
  createInterface({ input: program.stdout }).on('line', (line) => {
    log.push(JSON.parse(line) as (typeof log)[number]);
  });
  const logged = (message: string) => log.find(({ msg }) => msg === message);
  // In either order.
  await until('the engine is ready', () => logged('engine ready') !== undefined && logged('listening') !== undefined);
  const { port = 0, admin_port: admin = 0 } = logged('listening') ?? {};
  return { port, admin };
}

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  opened.push(socket);
  return socket;
}

/** Resident memory of the service's parent process in bytes, without its engines. */
function memory(): number {
  return memoryOf(child?.pid ?? 0)('VmRSS');
}

/** Sockets that the service's parent process has open. */
function openSockets(): number {
  const folder = `/proc/${String(child?.pid)}/fd`;
  return readdirSync(folder).filter((fd) => readLink(`${folder}/${fd}`).startsWith('socket:')).length;
}

/** Empty if it is gone meanwhile. */
function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

it('holds little memory for 200 clients that ask and never read, and disconnects them', async () => {
  const { port, admin } = await start(4096);
  const request = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: a\r\n\r\n';
  // The first request loads the file.
  const response = await fetch(`http://127.0.0.1:${port}/docs/swagger-ui-bundle.js`);
  const answer = (await response.text()).length;
  expect(answer).toBeGreaterThan(1_000_000);
  const [idle, sockets] = [memory(), openSockets()];
  const clients = Array.from({ length: 200 }, () => {
    const socket = open(port);
    socket.pause();
    // More than the kernel keeps for a client, and no more requests than may wait on all connections.
    socket.write(request.repeat(5));
    return socket;
  });
  let most = 0;
  for (let second = 0; second < 6; second++) {
    await sleep(1000);
    most = Math.max(most, memory());
    expect((await fetch(`http://127.0.0.1:${admin}/livez`)).status).toBe(200);
  }
  expect(most / idle).toBeLessThan(1.5);
  expect(openSockets() - sockets).toBeGreaterThanOrEqual(clients.length);
  child?.kill('SIGUSR2');
  // But for that of the requests to the admin port.
  await until('they are disconnected', () => openSockets() - sockets <= 1);
  const ended = clients.map((socket) => once(socket, 'close'));
  let bytes = 0;
  for (const socket of clients) socket.on('data', (chunk) => (bytes += chunk.length)).resume();
  await Promise.all(ended);
  // They had begun to be answered, and did not get all five.
  expect(bytes / clients.length / answer).toBeGreaterThan(0.1);
  expect(bytes / clients.length / answer).toBeLessThan(4.9);
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
});

it('answers on the admin port when clients hold all connections that the public port accepts', async () => {
  const { port, admin } = await start(256);
  const clients = Array.from({ length: 300 }, () => open(port));
  await until('some are refused', () => clients.some((socket) => socket.closed));
  await sleep(500);
  expect(clients.filter((socket) => !socket.closed).length).toBeLessThanOrEqual(128);
  expect((await fetch(`http://127.0.0.1:${admin}/livez`)).status).toBe(200);
});
