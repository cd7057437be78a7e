import { getPriority } from 'node:os';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../service/settings/read.ts';
import {
  held,
  uploads,
  IN_ENGINE_MS,
  IN_QUEUE_MS,
  metric,
  predictBody,
  send,
  sendWithin,
  until,
  type Outcome,
  type Sent,
} from './client.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { serve, type TestService } from './service.ts';

/** Sentences with different answers. */
const TEXTS = ['a', 'there are circles', 'red', 'two', 'a red circle', 'no', 'the dog sleeps', 'circles'];

let packageDir = '';
let service: TestService | undefined;

beforeAll(async () => {
  packageDir = await fixturePackage('mini-none');
});
afterEach(async () => {
  thaw();
  await service?.stop();
  service = undefined;
});

async function start(settings: Partial<Settings>): Promise<TestService> {
  // Long enough for a test to keep an engine frozen.
  service = await serve({ MODEL_DIR: packageDir, ENGINE_TIMEOUT_MS: 60_000, ...settings });
  return service;
}

/** Process id of the frozen engine. */
let frozen: number | undefined;

/** Stops the engine's process, as a GPU call that never returns would. */
function freeze({ model }: TestService): number {
  frozen = model.pool.pid;
  if (frozen === undefined) throw new Error('no engine is running');
  process.kill(frozen, 'SIGSTOP');
  return frozen;
}

function thaw(): void {
  try {
    if (frozen !== undefined) process.kill(frozen, 'SIGCONT');
  } catch {
    // It has been replaced.
  }
  frozen = undefined;
}

const post = ({ url }: TestService, body: string): Sent => send(`${url}/predict`, body);

function yesOf({ body }: Outcome): number {
  return (JSON.parse(body) as { scores: { yes: number } }).scores.yes;
}

/** The service's answer to each text, without load. */
async function answersOf(live: TestService, texts: readonly string[]): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (const text of texts) {
    answers.set(text, yesOf(await post(live, await predictBody(text)).outcome));
  }
  return answers;
}

const textAt = (index: number): string => TEXTS[index % TEXTS.length] ?? '';

describe('an engine on the CPU', () => {
  it('has a lower priority than the service', async () => {
    const { model } = await start({});
    expect(getPriority(model.pool.pid)).toBeGreaterThan(getPriority());
  });
});

describe('ten times more requests than there are slots', () => {
  it('are answered correctly up to the number of slots, and otherwise refused during the run', async () => {
    const live = await start({ MAX_QUEUE: 8, MAX_BATCH: 4 });
    const { state } = live.model.pool;
    expect(state.phase === 'ready' && state.info.itemMs).toBeGreaterThan(0);
    const expected = await answersOf(live, TEXTS);
    expect(new Set(expected.values()).size).toBe(TEXTS.length);
    const bodies = await Promise.all(TEXTS.map((text) => predictBody(text)));
    for (let wave = 0; wave < 3; wave++) {
      freeze(live);
      let refused = 0;
      const sent = Array.from({ length: 80 }, (_, at) => post(live, bodies[at % TEXTS.length] ?? ''));
      for (const { outcome } of sent) void outcome.then(({ status }) => (refused += Number(status === 429)));
      await until('all but eight are refused', () => refused === 72);
      expect((await fetch(`${live.url}/livez`)).status).toBe(200);
      thaw();
      const outcomes = await Promise.all(sent.map(({ outcome }) => outcome));
      const accepted = [...outcomes.entries()].filter(([, { status }]) => status === 200);
      expect(accepted).toHaveLength(8);
      for (const [at, outcome] of accepted) {
        expect(yesOf(outcome)).toBeCloseTo(expected.get(textAt(at)) ?? NaN, 4);
      }
      for (const outcome of outcomes.filter(({ status }) => status === 429)) {
        expect(Number(outcome.headers['retry-after'])).toBeGreaterThan(0);
      }
      await until('all slots are free', async () => (await held(live)) === 0);
    }
  });
});

// Each failure takes the start of another engine.
describe('an engine that fails under load', { timeout: 180_000 }, () => {
  it('is killed during a run three times: every request gets its own answer, once', async () => {
    const live = await start({ MAX_BATCH: 2 });
    const expected = await answersOf(live, TEXTS);
    const bodies = await Promise.all(TEXTS.map((text) => predictBody(text)));
    const answers: { readonly at: number; readonly outcome: Outcome }[] = [];
    let isOver = false;
    // More than a batch is always waiting, however fast requests are answered.
    const clients = Array.from({ length: 8 }, async (_, client) => {
      for (let at = client; !isOver; at += 8) {
        const { outcome } = post(live, bodies[at % TEXTS.length] ?? '');
        answers.push({ at, outcome: await outcome });
      }
    });
    for (let kill = 0; kill < 3; kill++) {
      // A batch that is hit twice may be answered 503, so its retry and one more run are let through.
      const before = answers.length;
      await until('some more are answered', () => answers.length > before + 2);
      await until('the engine computes', () => live.model.batcher.inFlight > 0);
      const pid = freeze(live);
      process.kill(pid, 'SIGKILL');
      await until('it is replaced', () => live.model.pool.pid !== pid && live.model.pool.state.phase === 'ready');
    }
    isOver = true;
    await Promise.all(clients);
    expect(answers.filter(({ outcome }) => outcome.status !== 200)).toEqual([]);
    for (const { at, outcome } of answers) {
      expect(yesOf(outcome)).toBeCloseTo(expected.get(textAt(at)) ?? NaN, 4);
    }
    expect(await metric(live.adminUrl, 'ofa_ve_engine_restarts_total{reason="crash"}')).toBe(3);
  });

  it('hangs: it is replaced at the run limit, and its requests are answered', async () => {
    const live = await start({ MAX_BATCH: 4, ENGINE_TIMEOUT_MS: 3000 });
    const expected = await answersOf(live, TEXTS);
    const pid = freeze(live);
    const bodies = await Promise.all(TEXTS.map((text) => predictBody(text)));
    const outcomes = await Promise.all(bodies.map((body) => post(live, body).outcome));
    expect(outcomes.map(({ status }) => status)).toEqual(TEXTS.map(() => 200));
    outcomes.forEach((outcome, at) => {
      expect(yesOf(outcome)).toBeCloseTo(expected.get(textAt(at)) ?? NaN, 4);
    });
    expect(live.model.pool.pid).not.toBe(pid);
    expect(await metric(live.adminUrl, 'ofa_ve_engine_restarts_total{reason="timeout"}')).toBe(1);
  });
});

describe('a client that disconnects', () => {
  it('frees its slot at once while uploading, waiting or computing, and no further work is started', async () => {
    const live = await start({ MAX_QUEUE: 4, MAX_BATCH: 1 });
    const body = await predictBody('a');
    freeze(live);
    const inEngine = post(live, body);
    await until('one is in the engine', () => live.model.batcher.inFlight === 1);
    const queued = [post(live, body), post(live, body)];
    await until('two wait', () => live.model.batcher.waiting === 2);
    const uploading = send(`${live.url}/predict`, body, { bytes: 1000 });
    await until('the fourth sends its body', async () => (await uploads(live)) === 1);
    expect(await held(live)).toBe(3);
    for (const sent of [uploading, inEngine, ...queued]) sent.leave();
    // The engine is still frozen.
    await until('all slots are free', async () => (await held(live)) === 0);
    thaw();
    expect((await post(live, body).outcome).status).toBe(200);
    // The run in progress and that of the last request.
    expect(await metric(live.adminUrl, 'ofa_ve_batch_size_count')).toBe(2);
    const gone = await metric(
      live.adminUrl,
      'ofa_ve_requests_total{route="/predict",status="499",outcome="abandoned"}',
    );
    expect(gone).toBe(4);
  });
});

describe('a deadline', () => {
  it('fires in the queue and in the engine during a run', async () => {
    // The service's own limits are far longer, so that they cannot be mistaken for the header's.
    const live = await start({ MAX_BATCH: 1, REQUEST_TIMEOUT_MS: 600_000, ENGINE_TIMEOUT_MS: 600_000 });
    const body = await predictBody('a');
    expect((await post(live, body).outcome).status).toBe(200);
    freeze(live);
    const inEngine = sendWithin(`${live.url}/predict`, body, IN_ENGINE_MS);
    await until('one is in the engine', () => live.model.batcher.inFlight === 1);
    const queued = sendWithin(`${live.url}/predict`, body, IN_QUEUE_MS);
    const outcomes = await Promise.all([inEngine.outcome, queued.outcome]);
    expect(outcomes.map(({ status }) => status)).toEqual([504, 504]);
    expect(await held(live)).toBe(0);
    // Both were answered while the engine was frozen.
    expect(await metric(live.adminUrl, 'ofa_ve_batch_size_count')).toBe(1);
    thaw();
    expect((await post(live, body).outcome).status).toBe(200);
  });
});
