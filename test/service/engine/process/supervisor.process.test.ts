import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFailure, EngineGone } from '../../../../service/engine/process/failure.ts';
import type { EngineBatch } from '../../../../service/engine/protocol.ts';
import { EngineSupervisor, type SupervisorOptions } from '../../../../service/engine/process/supervisor.ts';
import type { StubInstructions } from './stub-engine.ts';
import { stubLoad } from './stub-load.ts';
import { bundle } from '../../../../testing/bundle.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const program = bundle(new URL('./stub-engine.ts', import.meta.url));
let folder = '';
const started: EngineSupervisor[] = [];

beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervisor) => supervisor.stop()));
});

function supervise(instructions: StubInstructions, options: Partial<SupervisorOptions> = {}): EngineSupervisor {
  const startsFile = join(folder, 'starts');
  const supervisor = new EngineSupervisor({
    load: stubLoad({ startsFile, ...instructions }),
    verifyPackage: () => Promise.resolve(''),
    startTimeoutMs: 20_000,
    runTimeoutMs: 20_000,
    program,
    ...options,
  });
  started.push(supervisor);
  supervisor.start();
  return supervisor;
}

async function starts(): Promise<number> {
  return (await readFile(join(folder, 'starts'))).length;
}

function batchOf(...tokens: number[]): EngineBatch {
  return {
    images: [new Uint8Array(12)],
    items: tokens.map((token) => ({ image: 0, inputIds: [0, token, 2] })),
    length: 12,
  };
}

function nextFailure(supervisor: EngineSupervisor): Promise<EngineFailure> {
  return new Promise((resolve) => supervisor.once('failure', resolve));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a healthy engine', () => {
  it('returns the answers in the order of the items', async () => {
    const supervisor = supervise({});
    await supervisor.whenReady();
    const { probabilities } = await supervisor.run(batchOf(10, 11));
    expect(probabilities).toHaveLength(6);
    expect(probabilities[0]).not.toBe(probabilities[3]);
    expect(supervisor.state.phase).toBe('ready');
  });

  it('is not ready as soon as it is killed, before its process has exited', async () => {
    const supervisor = supervise({});
    await supervisor.whenReady();
    const reported: string[] = [];
    supervisor.on('state', ({ phase }) => reported.push(phase));
    supervisor.replace('gpu-error', 'as told');
    expect([supervisor.isReady, supervisor.state.phase, reported]).toEqual([false, 'replacing', ['replacing']]);
    await supervisor.whenReady();
    expect(supervisor.state.phase).toBe('ready');
  });

  it('does not time out while this process is suspended', async () => {
    const supervisor = supervise({ runMs: 50 }, { runTimeoutMs: 2000 });
    await supervisor.whenReady();
    const run = supervisor.run(batchOf(10));
    // Whatever stops this process, or its machine.
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000));
    expect((await run).probabilities).toHaveLength(3);
  });

  it('leaves no process behind when it is stopped during a run', async () => {
    const supervisor = supervise({ hang: 666 });
    await supervisor.whenReady();
    const pid = supervisor.pid ?? 0;
    const run = supervisor.run(batchOf(666));
    await Promise.all([expect(run).rejects.toBeInstanceOf(EngineFailure), supervisor.stop()]);
    expect(isRunning(pid)).toBe(false);
    await expect(supervisor.whenReady()).rejects.toBeInstanceOf(EngineGone);
  });
});

describe('an engine that is lost', () => {
  it.each([
    ['is killed during a run', { runMs: 10_000 }, 5, 'crash'],
    ['ends by itself', { poison: 666 }, 666, 'crash'],
    ['reports an error', { error: 666 }, 666, 'run-error'],
    ['hangs', { hang: 666 }, 666, 'timeout'],
    ['gives numbers that are no probabilities', { nan: 666 }, 666, 'bad-output'],
  ] as const)('is replaced when it %s', async (_, instructions, token, reason) => {
    const supervisor = supervise(instructions, { runTimeoutMs: reason === 'timeout' ? 2000 : 20_000 });
    await supervisor.whenReady();
    const pid = supervisor.pid ?? 0;
    const failure = nextFailure(supervisor);
    const run = supervisor.run(batchOf(token));
    if (reason === 'crash' && token === 5) process.kill(pid, 'SIGKILL');
    await expect(run).rejects.toMatchObject({ name: 'EngineFailure', reason });
    expect((await failure).reason).toBe(reason);
    expect(isRunning(pid)).toBe(false);
    await supervisor.whenReady();
    expect(supervisor.pid).not.toBe(pid);
    if (token === 666) await supervisor.run(batchOf(1));
    expect(await starts()).toBe(2);
  });

  it('is replaced while idle, too', async () => {
    const supervisor = supervise({});
    await supervisor.whenReady();
    const failure = nextFailure(supervisor);
    process.kill(supervisor.pid ?? 0, 'SIGKILL');
    expect((await failure).reason).toBe('crash');
    await supervisor.whenReady();
    await supervisor.run(batchOf(1));
  });

  it('is replaced because of a problem observed from outside', async () => {
    const supervisor = supervise({});
    await supervisor.whenReady();
    const failure = nextFailure(supervisor);
    supervisor.replace('gpu-memory', 'too much');
    expect(await failure).toMatchObject({ reason: 'gpu-memory', message: 'too much' });
    await supervisor.whenReady();
  });
});

describe('without a fixed limit', () => {
  it('a run may take ten times as long as its items in the self-test', async () => {
    const supervisor = supervise({ hang: 666, itemMs: 30 }, { runTimeoutMs: 0, minRunMs: 1 });
    for (const [items, limit] of [
      [1, 300],
      [4, 1200],
    ] as const) {
      await supervisor.whenReady();
      const run = supervisor.run(batchOf(...Array.from({ length: items }, () => 666)));
      await expect(run).rejects.toMatchObject({
        reason: 'timeout',
        message: `a run took longer than ${limit} ms`,
      });
    }
  });

  it('a run that is a little slower than in the self-test is not killed', async () => {
    const supervisor = supervise({ runMs: 300, itemMs: 200 }, { runTimeoutMs: 0, minRunMs: 1 });
    await supervisor.whenReady();
    expect((await supervisor.run(batchOf(10))).probabilities).toHaveLength(3);
  });
});

describe('an engine that does not start', () => {
  it.each([
    ['exit', 'crash'],
    ['load', 'start'],
    ['self-test', 'self-test'],
    ['hang', 'start-timeout'],
  ] as const)('never becomes ready and is given up (%s)', async (start, reason) => {
    const supervisor = supervise({ start }, { startTimeoutMs: start === 'hang' ? 700 : 20_000 });
    const phases: string[] = [];
    supervisor.on('state', ({ phase }) => phases.push(phase));
    await expect(supervisor.whenReady()).rejects.toBeInstanceOf(EngineGone);
    expect(supervisor.state).toMatchObject({ phase: 'failed', failure: { reason } });
    expect(phases).not.toContain('ready');
    await expect(supervisor.run(batchOf(1))).rejects.toBeInstanceOf(EngineFailure);
  });

  it('because no process can be started is given up, without ending the service', async () => {
    // What cannot be a program is refused before there is a process.
    const nowhere = new URL('https://example.org/');
    const supervisor = supervise({}, { program: nowhere, maxFailures: 2 });
    await expect(supervisor.whenReady()).rejects.toBeInstanceOf(EngineGone);
    expect(supervisor.state).toMatchObject({ phase: 'failed', failure: { reason: 'start' } });
  });

  it('is tried again, since a GPU can need a moment', async () => {
    const supervisor = supervise({ start: 'load', failStarts: 2 });
    await supervisor.whenReady();
    expect(await starts()).toBe(3);
  });

  it('stops while it waits for the next start', async () => {
    const supervisor = supervise({ start: 'exit' }, { backoffFirstMs: 600_000 });
    await nextFailure(supervisor);
    // The second one is followed by the wait.
    await nextFailure(supervisor);
    await supervisor.stop();
    expect(supervisor.state.phase).toBe('stopped');
    await expect(supervisor.whenReady()).rejects.toBeInstanceOf(EngineGone);
    expect(await starts()).toBe(2);
  });

  it('waits longer after each failure', async () => {
    const supervisor = supervise({ start: 'exit', failStarts: 2 });
    const times: number[] = [];
    supervisor.on('failure', () => times.push(performance.now()));
    await supervisor.whenReady();
    // The second failure in a row is followed by the first wait, of 250 ms, and a start.
    expect(performance.now() - (times[1] ?? Infinity)).toBeGreaterThan(249);
  });
});

/** Lets a run fail on the engine that is ready next. */
async function failRun(supervisor: EngineSupervisor): Promise<EngineFailure> {
  await supervisor.whenReady();
  const failure: unknown = await supervisor.run(batchOf(666)).catch((error: unknown) => error);
  if (!(failure instanceof EngineFailure)) throw new Error('the run did not fail as an engine does');
  return failure;
}

describe('too many failed runs in a row', () => {
  it('make the supervisor give up, however far apart they are', async () => {
    // Each failure has left the window before the next one comes.
    const supervisor = supervise({ hang: 666 }, { runTimeoutMs: 300, maxFailures: 3, failureWindowMs: 100 });
    for (let run = 0; run < 3; run++) await failRun(supervisor);
    await expect(supervisor.whenReady()).rejects.toBeInstanceOf(EngineGone);
  });

  it('do not count if a successful run separates them', async () => {
    const supervisor = supervise({ error: 666 }, { maxFailures: 2, failureWindowMs: 1 });
    await failRun(supervisor);
    await supervisor.whenReady();
    await supervisor.run(batchOf(1));
    await failRun(supervisor);
    await expect(supervisor.whenReady()).resolves.toBeUndefined();
  });

  it('do not include engines lost while idle', async () => {
    const supervisor = supervise({}, { maxFailures: 2, failureWindowMs: 1 });
    for (let loss = 0; loss < 3; loss++) {
      await supervisor.whenReady();
      const failure = nextFailure(supervisor);
      supervisor.replace('gpu-error', 'as told');
      await failure;
    }
    await expect(supervisor.whenReady()).resolves.toBeUndefined();
  });
});

it('forgives failures that an item caused once another run succeeds', async () => {
  const supervisor = supervise({ error: 666 }, { maxFailures: 3 });
  for (let attempt = 0; attempt < 2; attempt++) {
    const failure = await failRun(supervisor);
    failure.isItemsFault = true;
  }
  await supervisor.whenReady();
  await supervisor.run(batchOf(1));
  await failRun(supervisor);
  await expect(supervisor.whenReady()).resolves.toBeUndefined();
});

it('gives up after too many failures in the window even if every start succeeds', async () => {
  const supervisor = supervise({ error: 666 }, { maxFailures: 3 });
  for (let attempt = 0; attempt < 2; attempt++) {
    await failRun(supervisor);
    await supervisor.whenReady();
    // Not in a row.
    await supervisor.run(batchOf(1));
  }
  await failRun(supervisor);
  await expect(supervisor.whenReady()).rejects.toBeInstanceOf(EngineGone);
  const count = await starts();
  await sleep(500);
  expect(await starts()).toBe(count);
});
