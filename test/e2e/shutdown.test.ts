import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { SAME_REQUEST_MS } from '../../model/termination-signals.ts';
import { DEFAULT_SETTINGS } from '../../service/contract.ts';
import { runService } from '../../service/lifecycle/run-service.ts';
import { metric, predictBody, send, until } from './client.ts';
import { bundle } from '../../testing/bundle.ts';
import { PROGRAM } from '../../testing/service-process.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { serve } from './service.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** For a test that takes a while even without the start of the program. */
const LONG = { timeout: 120_000 };
const SERVER_LIVE = '/inference.GRPCInferenceService/ServerLive';

let folder = '';
let packageDir = '';
const programs: ChildProcess[] = [];

beforeAll(async () => {
  folder = tempFolder();
  packageDir = await fixturePackage('mini-none');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const program of programs.splice(0)) program.kill('SIGKILL');
});

/** The real program, started as in a container. */
class Program {
  readonly child: ChildProcess;
  readonly log: LogLine[] = [];
  readonly exit: Promise<number | null>;

  constructor(env: Readonly<Record<string, string>> = {}, nodeOptions: readonly string[] = []) {
    const args = [...nodeOptions, PROGRAM, 'serve', '--model', packageDir, '--port', '0'];
    this.child = spawn(process.execPath, args, {
      env: { ...process.env, HOST: '127.0.0.1', GRPC_PORT: '0', ADMIN_PORT: '0', DRAIN_DELAY_MS: '400', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    programs.push(this.child);
    this.exit = once(this.child, 'exit').then(([code]) => code as number | null);
    if (this.child.stdout === null) throw new Error('no stdout');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.log.push(JSON.parse(line) as LogLine);
    });
  }

  async logged(message: string): Promise<LogLine> {
    const find = (): LogLine | undefined => this.log.find(({ msg }) => msg === message);
    await until(`"${message}" is logged`, () => find() !== undefined);
    return find() ?? { msg: '' };
  }

  async url(): Promise<string> {
    return `http://127.0.0.1:${String((await this.logged('listening'))['port'])}`;
  }
}

it('drains on SIGTERM: not ready, still serving, every accepted request answered, exit 0', LONG, async () => {
  // Long enough for all three rounds of requests, even on a busy machine.
  const program = new Program({ DRAIN_DELAY_MS: '10000' });
  const url = await program.url();
  await program.logged('engine ready');
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const body = await predictBody(['a', 'b', 'c', 'd', 'e', 'f']);
  const post = (): ReturnType<typeof send>['outcome'] => send(`${url}/predict`, body, { agent }).outcome;
  expect((await post()).status).toBe(200);
  const early = Array.from({ length: 8 }, post);
  program.child.kill('SIGTERM');
  await program.logged('stopping');
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'unavailable', reason: 'the service is shutting down' },
  ]);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  const late = Array.from({ length: 4 }, post);
  const outcomes = await Promise.all([...early, ...late]);
  expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 200));
  expect(outcomes.at(-1)?.headers['connection']).toBe('close');
  expect(await program.exit).toBe(0);
  agent.destroy();
});

it.each(['SIGINT', 'SIGHUP'] as const)(
  'answers what it has accepted, and ends, on %s from a terminal',
  LONG,
  async (signal) => {
    const program = new Program({ DRAIN_DELAY_MS: '69000' });
    const url = await program.url();
    await program.logged('engine ready');
    const admin = `http://127.0.0.1:${String((await program.logged('listening'))['admin_port'])}`;
    const body = await predictBody('a');
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const upload = request(`${url}/predict`, { method: 'POST', headers });
    const response = once(upload, 'response');
    upload.write(body.slice(0, -1));
    await until('it is accepted', async () => (await metric(admin, 'ofa_ve_uploads_in_progress')) === 1);
    // For its engines, too, as from a terminal; and again, as npm passes it on.
    process.kill(-(program.child.pid ?? expect.fail()), signal);
    await sleep(20);
    program.child.kill(signal);
    expect((await program.logged('stopping'))['drain_ms']).toBe(0);
    upload.end(body.slice(-1));
    const [{ statusCode }] = (await response) as [IncomingMessage];
    expect([statusCode, await program.exit]).toEqual([200, 0]);
  },
);

/** Makes the program signal itself when it is about to import a module whose name ends so. */
function signalOnImport(name: string, signal: NodeJS.Signals): string[] {
  const hooks = `export async function resolve(specifier, context, next) {
    if (specifier.endsWith('${name}')) process.kill(process.pid, '${signal}');
    return next(specifier, context);
  }`;
  const module = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
  return ['--import', dataUrl(module)];
}

function dataUrl(module: string): string {
  return `data:text/javascript,${encodeURIComponent(module)}`;
}

it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends on %s before the program is loaded', async (signal) => {
  const program = new Program({}, signalOnImport('/cli/main.ts', signal));
  expect(await program.exit).toBe(0);
  expect(program.log).toEqual([]);
});

it('ends on SIGTERM during the search for GPUs, and later releases what was started', async () => {
  const pidFile = join(folder, 'smi.pid');
  await writeFile(
    join(folder, 'nvidia-smi'),
    `#!/bin/sh\necho $$ >${pidFile}.new\nmv ${pidFile}.new ${pidFile}\nexec sleep 600\n`,
  );
  await chmod(join(folder, 'nvidia-smi'), 0o755);
  await writeFile(join(packageDir, 'stub.json'), '{}');
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  const log: string[] = [];
  const settings = {
    ...DEFAULT_SETTINGS,
    ...{
      MODEL_DIR: packageDir,
      HOST: '127.0.0.1',
      PORT: 0,
      GRPC_PORT: 0,
      ADMIN_PORT: 0,
      DRAIN_DELAY_MS: 0,
      DEVICE: 'cuda' as const,
    },
  };
  const ended = runService(settings, undefined, {
    logger: pino({}, { write: (line) => log.push(line) }),
    engineProgram: bundle(new URL('../service/engine/process/stub-engine.ts', import.meta.url)),
  });
  await until('nvidia-smi is running', () => existsSync(pidFile));
  process.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toBe(0);
  // Fails unless it was running all the time.
  process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
  await rm(join(folder, 'nvidia-smi'));
  await until('the service is stopped', () => log.some((line) => line.includes('"stopped"')));
});

it('ends on SIGTERM while the model loads', async () => {
  const program = new Program({ DRAIN_DELAY_MS: '0' });
  await program.logged('listening');
  program.child.kill('SIGTERM');
  expect(await program.exit).toBe(0);
});

it('exits at once on a second signal', async () => {
  const program = new Program({ DRAIN_DELAY_MS: '30000' });
  // In either order.
  await program.logged('listening');
  await program.logged('engine ready');
  program.child.kill('SIGTERM');
  await program.logged('stopping');
  await sleep(SAME_REQUEST_MS);
  program.child.kill('SIGINT');
  expect(await program.exit).toBe(130);
});

it.each([
  ['SHUTDOWN_TIMEOUT_MS', { DRAIN_DELAY_MS: '0', SHUTDOWN_TIMEOUT_MS: '5000' }, 0],
  ['a second signal', { DRAIN_DELAY_MS: '30000' }, 143],
])('ends within %s when nobody reads its log', LONG, async (_, env, code) => {
  const program = new Program(env);
  const url = await program.url();
  await program.logged('engine ready');
  program.child.stdout?.pause();
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const headers = { 'x-request-id': 'x'.repeat(250) };
  // More lines than the pipe and both processes buffer.
  const sent = Array.from({ length: 3000 }, () => send(`${url}/nothing`, '', { agent, headers }).outcome);
  const statuses = (await Promise.all(sent)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([404]));
  agent.destroy();
  const began = performance.now();
  program.child.kill('SIGTERM');
  if (code !== 0) {
    await until('it reports not ready', async () => (await fetch(`${url}/readyz`)).status === 503);
    await sleep(SAME_REQUEST_MS);
    program.child.kill('SIGTERM');
  }
  expect(await program.exit).toBe(code);
  expect(performance.now() - began).toBeLessThan(15_000);
});

it('answers 503 to the requests still open near SHUTDOWN_TIMEOUT_MS, and ends', async () => {
  await writeFile(join(packageDir, 'stub.json'), JSON.stringify({ runMs: 60_000 }));
  const service = await serve(
    { MODEL_DIR: packageDir, SHUTDOWN_TIMEOUT_MS: 2000 },
    { engineProgram: bundle(new URL('../service/engine/process/stub-engine.ts', import.meta.url)) },
  );
  const body = await predictBody('a');
  const open = send(`${service.url}/predict`, body);
  await until('one is in the engine', () => service.model.batcher.inFlight === 1);
  const stuck = send(`${service.url}/predict`, body, { bytes: 100 });
  await service.stop();
  expect((await open.outcome).status).toBe(503);
  expect([0, 503]).toContain((await stuck.outcome).status);
  await expect(service.finished).resolves.toBe(0);
});

it('does not wait for connections without a request', async () => {
  const service = await serve({ MODEL_DIR: packageDir, SHUTDOWN_TIMEOUT_MS: 600_000 }, { wait: false });
  const silent = [service.port, service.adminPort].map((port) => connect(port, '127.0.0.1'));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await service.stop();
  await expect(service.finished).resolves.toBe(0);
  for (const socket of silent) socket.destroy();
});

it('does not wait for incomplete headers', async () => {
  const service = await serve({ MODEL_DIR: packageDir, SHUTDOWN_TIMEOUT_MS: 600_000 }, { wait: false });
  const half = 'GET /livez HTTP/1.1\r\nhost: a\r\n';
  const ports = [service.port, service.adminPort];
  // The answer to the first request shows that what follows it has arrived as well.
  const sockets = await Promise.all(
    [half, `${half}\r\n${half}`].flatMap((sent) =>
      ports.map(async (port) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(sent);
        await once(socket, sent === half ? 'connect' : 'data');
        return socket;
      }),
    ),
  );
  await service.stop();
  await expect(service.finished).resolves.toBe(0);
  for (const socket of sockets) socket.destroy();
});

it('answers the call of a connection that it accepted while gRPC is not loaded', LONG, async () => {
  const program = new Program({ DRAIN_DELAY_MS: '0' });
  const { grpc_port: port } = await program.logged('listening');
  const session = connectHttp2(`http://127.0.0.1:${String(port)}`);
  // As clients of gRPC do, it asks when it has the server's settings.
  const asked = once(session, 'remoteSettings').then(async () => {
    const call = session.request({ ':method': 'POST', ':path': SERVER_LIVE, 'content-type': 'application/grpc' });
    call.resume().end(Buffer.alloc(5));
    return (await once(call, 'trailers')) as [IncomingHttpHeaders];
  });
  await once(session, 'connect');
  program.child.kill('SIGTERM');
  expect((await asked)[0]['grpc-status']).toBe('0');
  session.close();
  expect(await program.exit).toBe(0);
});
