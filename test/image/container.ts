import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATHS } from '../../service/contract.ts';
import { freePort } from '../../testing/free-port.ts';
import type { Question } from './context.ts';
import type { Engine } from './engine.ts';

/** A container of the image, hardened as the deployment's pods are. */
export interface Container {
  readonly name: string;
  readonly url: string;
  /** Runs a program inside and gives its output. */
  readonly exec: (...command: string[]) => Promise<string>;
  readonly remove: () => Promise<void>;
}

/** Default memory of the container. */
const MEMORY_MB = 768;
/** Longest time from start to ready; the machine may be busy. */
const START_MS = 120_000;
/** Seconds between SIGTERM and SIGKILL. */
const GRACE_S = 20;
/** How long the service goes on after SIGTERM; the default is for load balancers, of which there are none here. */
const DRAIN_MS = 1000;
/** Share of the questions that has to be answered right: a small model errs, one that sees nothing gets a third. */
const RIGHT_SHARE = 0.8;

/**
 * Starts the image: read-only root, no capabilities, no new privileges, a memory limit without swap.
 *
 * @param more settings beside the ports
 * @param memoryMb limit of the memory, in MiB
 */
export async function startContainer(
  engine: Engine,
  tag: string,
  more: Readonly<Record<string, string>> = {},
  memoryMb = MEMORY_MB,
): Promise<Container> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const name = `ofa-ve-test-${process.pid}`;
  const settings = {
    HOST: '127.0.0.1',
    PORT: port,
    GRPC_PORT: 'off',
    ADMIN_PORT: adminPort,
    DRAIN_DELAY_MS: DRAIN_MS,
    ...more,
  };
  await engine.run([
    ...['run', '--detach', '--name', name, '--network', 'host', '--read-only', '--tmpfs', '/tmp'],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--memory', `${memoryMb}m`, '--memory-swap', `${memoryMb}m`],
    ...Object.entries(settings).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    tag,
  ]);
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    exec: (...command) => engine.run(['exec', name, ...command]),
    remove: async () => {
      await engine.attempt(['rm', '--force', name]);
    },
  };
}

/** What the service has logged. */
export async function logs(engine: Engine, { name }: Container): Promise<string> {
  return (await engine.attempt(['logs', name])).output;
}

/** Waits until the service says that it is ready. */
export async function untilReady(engine: Engine, container: Container): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const response = await fetch(container.url + PATHS.ready).catch(() => undefined);
    if (response?.ok) return;
    const state = await engine.attempt(['inspect', '--format', '{{.State.Status}}', container.name]);
    if (state.output.trim() === 'exited') break;
    await sleep(250);
  }
  throw new Error(`The container did not get ready:\n${await logs(engine, container)}`);
}

/** The health check fails where nobody listens: one that always passes would prove nothing. */
export async function checkUnhealthy(engine: Engine, { name }: Container): Promise<void> {
  const nobody = `ADMIN_PORT=${await freePort()}`;
  const args = ['exec', '--env', nobody, name, 'node', 'build/docker/health.js'];
  const { code, output } = await engine.attempt(args);
  assert.equal(code, 1, `the health check ended with ${code}: ${output}`);
}

/** The health check asks the service itself, whatever proxy Node.js is told to use. */
export async function checkHealthBesideProxy(engine: Engine, { name }: Container): Promise<void> {
  const proxy = `HTTP_PROXY=http://127.0.0.1:${await freePort()}`;
  const settings = ['--env', 'NODE_USE_ENV_PROXY=1', '--env', proxy];
  await engine.run(['exec', ...settings, name, 'node', 'build/docker/health.js']);
}

/** The health check of the image passes: Docker runs it by itself, podman where it is told to. */
export async function untilHealthy(engine: Engine, { name }: Container): Promise<void> {
  if (engine.name === 'podman') {
    await engine.run(['healthcheck', 'run', name]);
    return;
  }
  const deadline = Date.now() + START_MS;
  let status = '';
  while (Date.now() < deadline) {
    status = await engine.run(['inspect', '--format', '{{.State.Health.Status}}', name]);
    if (status === 'healthy') return;
    await sleep(1000);
  }
  throw new Error(`The health check says ${status}.`);
}

/** Asks each question; nearly all have to be answered right. */
export async function checkAnswers({ url }: Container, questions: readonly Question[]): Promise<void> {
  const wrong: string[] = [];
  for (const { image, text, label } of questions) {
    const body = new FormData();
    body.set('image', await openAsBlob(image), path.basename(image));
    body.set('text', text);
    const response = await fetch(url + PATHS.predict, { method: 'POST', body });
    assert.equal(response.status, 200, `${PATHS.predict} answered ${response.status}`);
    const answer = (await response.json()) as { label: string };
    if (answer.label !== label) wrong.push(`${path.basename(image)}: ${text} ${answer.label}, not ${label}`);
  }
  const right = questions.length - wrong.length;
  console.log(`${right} of ${questions.length} questions answered right`);
  assert.ok(questions.length > 0 && right >= RIGHT_SHARE * questions.length, wrong.join('\n'));
}

/** The demo page, the documents and what they load are in the image. */
export async function checkPages({ url }: Container): Promise<void> {
  const about = '/demo/about.json';
  const { examples } = (await (await fetch(url + about)).json()) as { examples: { image: string }[] };
  const assets = ['/demo/page.js', '/demo/page.css', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'];
  const pages = [PATHS.demo, PATHS.docs, PATHS.openapi, ...assets, `/${examples[0]?.image ?? 'no-example'}`];
  for (const page of pages) {
    const response = await fetch(url + page);
    assert.equal(response.status, 200, `${page} answered ${response.status}`);
    assert.ok((await response.arrayBuffer()).byteLength > 0, `${page} is empty`);
  }
}

/** The process has no more rights than the deployment gives it, and is process 1 itself: no shell in between. */
export async function checkConfinement({ exec }: Container, userId: number): Promise<void> {
  const status = await exec('node', '-e', "console.log(require('fs').readFileSync('/proc/1/status', 'utf8'))");
  const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? '';
  assert.match(field('Uid'), new RegExp(`^${userId}\\s+${userId}\\s`), 'process 1 runs as another user');
  assert.match(field('Gid'), new RegExp(`^${userId}\\s+${userId}\\s`), 'process 1 runs in another group');
  assert.equal(field('CapEff'), '0000000000000000', 'process 1 has capabilities');
  assert.equal(field('NoNewPrivs'), '1');
  assert.equal(field('Seccomp'), '2', 'process 1 may call everything of the kernel');
  const memory = await exec('node', '-p', 'process.constrainedMemory()');
  assert.equal(Number(memory), MEMORY_MB * 2 ** 20, 'the memory limit does not hold');
  const command = await exec(
    'node',
    '-e',
    "console.log(require('fs').readFileSync('/proc/1/cmdline', 'utf8').split('\\0').slice(0, 4).join(' '))",
  );
  assert.equal(command, 'node --max-semi-space-size=2 bin/ofa-ve.js serve');
  const write = await exec(
    'node',
    '-e',
    "try { require('fs').writeFileSync('/app/x', ''); console.log('written'); } catch (error) { console.log(error.code); }",
  );
  assert.match(write, /^(EROFS|EACCES)$/, 'the root file system can be written to');
}

/** A program for `node -e` that prints the processes of the container, as JSON. */
const PROCESSES_PROGRAM = `
  const fs = require('node:fs');
  console.log(JSON.stringify(fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).flatMap((pid) => {
    try {
      const stat = fs.readFileSync('/proc/' + pid + '/stat', 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(pid), state, parent: Number(parent) }];
    } catch {
      return [];
    }
  })));
`;

interface ContainerProcess {
  readonly pid: number;
  /** As /proc has it; Z is a process that has ended and that nobody has asked about. */
  readonly state: string;
  readonly parent: number;
}

async function children({ exec }: Container): Promise<ContainerProcess[]> {
  const printed = await exec('node', '-e', PROCESSES_PROGRAM);
  return (JSON.parse(printed) as ContainerProcess[]).filter(({ parent }) => parent === 1);
}

/** The process id of the engine, the only child of process 1. */
export async function engineProcess(container: Container): Promise<number> {
  const [found, ...others] = await children(container);
  assert.ok(found !== undefined && others.length === 0, 'process 1 has no child, or more than the engine');
  return found.pid;
}

/** An engine that is killed is replaced, and nothing is left of it: process 1 is the service, with no init above. */
export async function checkReplacement(engine: Engine, container: Container): Promise<void> {
  const lost = await engineProcess(container);
  await container.exec('node', '-e', `process.kill(${lost}, 'SIGKILL')`);
  await untilReplaced(engine, container, lost);
  console.log('a killed engine is replaced and leaves no process behind');
}

/** Waits until another engine has taken the place of one that was lost, and is ready. */
export async function untilReplaced(engine: Engine, container: Container, lost: number): Promise<void> {
  const deadline = Date.now() + START_MS;
  let now = await children(container);
  while (now.length !== 1 || now[0]?.pid === lost || now[0]?.state === 'Z') {
    assert.ok(Date.now() < deadline, `an engine was killed and this is left: ${JSON.stringify(now)}`);
    await sleep(250);
    now = await children(container);
  }
  await untilReady(engine, container);
}

/** The signal ends the container within its grace and with exit code 0. */
export async function checkStop(
  engine: Engine,
  container: Container,
  signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM',
): Promise<void> {
  const began = performance.now();
  if (signal === 'SIGTERM') {
    await engine.run(['stop', '--time', String(GRACE_S), container.name]);
  } else {
    await engine.run(['kill', '--signal', signal, container.name]);
    await engine.run(['wait', container.name], { timeoutMs: GRACE_S * 1000 });
  }
  const seconds = (performance.now() - began) / 1000;
  const code = await engine.run(['inspect', '--format', '{{.State.ExitCode}}', container.name]);
  const said = await logs(engine, container);
  assert.equal(code, '0', `the container ended with ${code}:\n${said}`);
  assert.match(said, /"msg":"stopped"/, 'the service did not say that it stopped');
  console.log(`stopped by ${signal} with exit code 0 after ${seconds.toFixed(1)} s of ${GRACE_S}`);
}
