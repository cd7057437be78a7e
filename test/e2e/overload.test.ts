import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  held,
  IN_ENGINE_MS,
  IN_QUEUE_MS,
  metric,
  predictBody,
  send,
  sendWithin,
  until,
  uploads,
  type Outcome,
} from './client.ts';
import { MARKED, stubServices } from './stub-service.ts';

const stub = stubServices();

function count(outcomes: readonly Outcome[], status: number): number {
  return outcomes.filter((outcome) => outcome.status === status).length;
}

describe('a run of several seconds', () => {
  it('does not delay probes, metrics and refusals', async () => {
    const { url, adminUrl, model } = await stub.start({ runMs: 5000 }, { MAX_QUEUE: 1 });
    const body = await predictBody('a');
    let answered = false;
    const slow = send(`${url}/predict`, body);
    void slow.outcome.then(() => {
      answered = true;
    });
    await until('the engine computes', () => model.batcher.inFlight === 1);
    const paths = ['/healthz', '/livez', '/readyz', '/startupz'].flatMap((path) => [url + path, adminUrl + path]);
    const probes = await Promise.all([...paths, `${adminUrl}/metrics`].map((path) => fetch(path)));
    expect(probes.map(({ status }) => status)).toEqual(probes.map(() => 200));
    expect((await send(`${url}/predict`, body).outcome).status).toBe(429);
    // All of that was answered while the run was still in progress.
    expect(answered).toBe(false);
    expect((await slow.outcome).status).toBe(200);
  });
});

describe('ten times more requests than there are slots', () => {
  it('are each answered or refused once, and none hangs', async () => {
    const live = await stub.start({ runMs: 30 }, { MAX_QUEUE: 8, MAX_BATCH: 4 });
    const body = await predictBody('a');
    const outcomes: Outcome[] = [];
    for (let wave = 0; wave < 4; wave++) {
      const sent = Array.from({ length: 80 }, () => send(`${live.url}/predict`, body));
      expect((await fetch(`${live.url}/livez`)).status).toBe(200);
      outcomes.push(...(await Promise.all(sent.map(({ outcome }) => outcome))));
    }
    expect(count(outcomes, 200) + count(outcomes, 429)).toBe(320);
    expect(count(outcomes, 200)).toBeGreaterThanOrEqual(4 * 8);
    for (const refused of outcomes.filter(({ status }) => status === 429)) {
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(await held(live)).toBe(0);
    expect(await metric(live.adminUrl, 'ofa_ve_rejected_total{reason="queue_full"}')).toBe(count(outcomes, 429));
    const answers = await metric(
      live.adminUrl,
      'ofa_ve_requests_total{route="/predict",status="200",outcome="answered"}',
    );
    expect(answers).toBe(count(outcomes, 200));
  });
});

describe('five times the rate that can be served', () => {
  it('resets no connection, and every refusal says when to retry', async () => {
    // 40 answers a second.
    const live = await stub.start({ runMs: 100 }, { MAX_QUEUE: 8, MAX_BATCH: 4 });
    const bodies = [await predictBody('a'), await predictBody(['a', 'b'])];
    const sent: Promise<Outcome>[] = [];
    // An open loop: new clients come, however long the others wait.
    const startMs = performance.now();
    while (sent.length < 600) {
      const due = Math.min(600, Math.floor((performance.now() - startMs) / 5));
      while (sent.length < due) sent.push(send(`${live.url}/predict`, bodies[sent.length % 2] ?? '').outcome);
      await sleep(5);
    }
    const outcomes = await Promise.all(sent);
    const refused = outcomes.filter(({ status }) => status === 429);
    expect(count(outcomes, 200) + refused.length).toBe(600);
    expect(refused.length).toBeGreaterThan(300);
    for (const { headers, body } of refused) {
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(headers['x-request-id']).toBe((JSON.parse(body) as { request_id: string }).request_id);
    }
    const counted = 'ofa_ve_requests_total{route="/predict",status="429",outcome="overloaded"}';
    expect(await metric(live.adminUrl, counted)).toBe(refused.length);
    expect(await held(live)).toBe(0);
  });
});

// Each failure takes the start of another engine.
describe('an engine that fails under load', { timeout: 180_000 }, () => {
  it('loses no accepted request when it is killed repeatedly', async () => {
    const { url, adminUrl, model } = await stub.start(
      // Slow enough that requests are still waiting at the last kill.
      { runMs: 150 },
      { MAX_BATCH: 2 },
    );
    const bodies = await Promise.all(Array.from({ length: 30 }, (_, i) => predictBody(`text ${i}`)));
    let answered = 0;
    const sent = bodies.map((body) => send(`${url}/predict`, body));
    for (const { outcome } of sent) void outcome.then(() => answered++);
    for (let kill = 0; kill < 3; kill++) {
      // A batch that is hit twice may be answered 503, so its retry and one more run are let through.
      const before = answered;
      await until('some more are answered', () => answered > before + 2);
      await until('the engine computes', () => model.batcher.inFlight > 0 && model.pool.pid !== undefined);
      const pid = model.pool.pid ?? 0;
      process.kill(pid, 'SIGKILL');
      await until('it is replaced', () => model.pool.pid !== pid && model.pool.state.phase === 'ready');
    }
    const outcomes = await Promise.all(sent.map(({ outcome }) => outcome));
    expect(count(outcomes, 200)).toBe(30);
    // Each text has its own answer: retries mixed none up.
    const again = await Promise.all(bodies.map((body) => send(`${url}/predict`, body).outcome));
    expect(outcomes.map(scoresOf)).toEqual(again.map(scoresOf));
    expect(new Set(outcomes.map(scoresOf)).size).toBeGreaterThan(20);
    expect(await metric(adminUrl, 'ofa_ve_engine_restarts_total{reason="crash"}')).toBe(3);
  });

  it.each([
    ['kills it', { poison: MARKED.token }],
    ['makes it hang', { hang: MARKED.token }],
  ])('answers 503 only for the item that %s', async (_, instructions) => {
    const live = await stub.start(
      { runMs: 30, ...instructions },
      // Five runs hang before the item is isolated.
      { MAX_BATCH: 8, ENGINE_TIMEOUT_MS: 2000, REQUEST_TIMEOUT_MS: 600_000 },
    );
    const bodies = await Promise.all(['a', 'b', 'c', MARKED.text, 'd', 'e'].map((text) => predictBody(text)));
    const outcomes = await Promise.all(bodies.map((body) => send(`${live.url}/predict`, body).outcome));
    expect(outcomes.map(({ status }) => status)).toEqual([200, 200, 200, 503, 200, 200]);
    expect(await held(live)).toBe(0);
    expect((await fetch(`${live.url}/livez`)).status).toBe(200);
  });

  it('answers all requests 503 and ends the service with 1 when it failed for good', async () => {
    // The first token of every text.
    const live = await stub.start({ error: 0 }, { MAX_BATCH: 1 });
    const images = ['image-00.png', 'image-01.png', 'image-02.png', 'image-03.png'];
    const bodies = await Promise.all(images.map((image) => predictBody('a', image)));
    const outcomes = await Promise.all(bodies.map((body) => send(`${live.url}/predict`, body).outcome));
    expect(outcomes.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    await expect(live.finished).resolves.toBe(1);
  });
});

describe('a client that disconnects', () => {
  it('frees its slot at every stage, and its work is not done', async () => {
    // Long enough for all that follows to happen during the first run, on a busy machine too.
    const live = await stub.start({ runMs: 2000 }, { MAX_QUEUE: 4, MAX_BATCH: 1 });
    const body = await predictBody('a');
    const inEngine = send(`${live.url}/predict`, body);
    await until('one is in the engine', () => live.model.batcher.inFlight === 1);
    const queued = [send(`${live.url}/predict`, body), send(`${live.url}/predict`, body)];
    await until('two wait', () => live.model.batcher.waiting === 2);
    const uploading = send(`${live.url}/predict`, body, { bytes: 1000 });
    await until('the fourth sends its body', async () => (await uploads(live)) === 1);
    expect(await held(live)).toBe(3);
    for (const sent of [uploading, inEngine, ...queued]) sent.leave();
    await until('all slots are free', async () => (await held(live)) === 0);
    expect(await uploads(live)).toBe(0);
    expect((await send(`${live.url}/predict`, body).outcome).status).toBe(200);
    // The run in progress and that of the last request.
    expect(await metric(live.adminUrl, 'ofa_ve_batch_size_count')).toBe(2);
    const gone = await metric(
      live.adminUrl,
      'ofa_ve_requests_total{route="/predict",status="499",outcome="abandoned"}',
    );
    expect(gone).toBe(4);
  });
});

describe('a client that disconnects while it receives its answer', () => {
  it('leaves no slot and no connection behind', async () => {
    const live = await stub.start({}, { SHUTDOWN_TIMEOUT_MS: 600_000 });
    const body = await predictBody(Array.from({ length: 32 }, () => 'a'));
    for (let client = 0; client < 5; client++) {
      // An answer that fits into the socket's buffer, and one that does not.
      await leaveWithFirstBytes(`${live.url}/predict`, body);
      await leaveWithFirstBytes(`${live.url}/docs/swagger-ui-bundle.js`);
    }
    await until('all slots are free', async () => (await held(live)) === 0);
    expect(await uploads(live)).toBe(0);
    expect((await send(`${live.url}/predict`, body).outcome).status).toBe(200);
    // With a connection still open it would wait for SHUTDOWN_TIMEOUT_MS.
    await live.stop();
    await expect(live.finished).resolves.toBe(0);
  });
});

describe('a deadline', () => {
  it('fires in the queue and in the engine during a run', async () => {
    // The service's own limits are far longer, so that they cannot be mistaken for the header's.
    const live = await stub.start(
      { hang: MARKED.token },
      { MAX_BATCH: 1, REQUEST_TIMEOUT_MS: 600_000, ENGINE_TIMEOUT_MS: 600_000 },
    );
    const body = await predictBody('a');
    expect((await send(`${live.url}/predict`, body).outcome).status).toBe(200);
    const inEngine = sendWithin(`${live.url}/predict`, await predictBody(MARKED.text), IN_ENGINE_MS);
    await until('one is in the engine', () => live.model.batcher.inFlight === 1);
    const queued = sendWithin(`${live.url}/predict`, body, IN_QUEUE_MS);
    const outcomes = await Promise.all([inEngine.outcome, queued.outcome]);
    expect(outcomes.map(({ status }) => status)).toEqual([504, 504]);
    expect(await held(live)).toBe(0);
    // Both were answered while the first one's run was still in progress.
    expect(await metric(live.adminUrl, 'ofa_ve_batch_size_count')).toBe(1);
  });
});

/** Sends a request and destroys the connection when its answer begins. */
async function leaveWithFirstBytes(url: string, body?: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const sent = request(url, {
    agent: new Agent(),
    ...(body === undefined ? {} : { method: 'POST', headers }),
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  sent.destroy();
}

function scoresOf(outcome: Outcome): string {
  return JSON.stringify((JSON.parse(outcome.body) as { scores: unknown }).scores);
}
