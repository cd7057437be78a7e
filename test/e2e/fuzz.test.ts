import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MIB } from '../../model/bytes.ts';
import { predictBody, send, until } from './client.ts';
import { makeFuzzer, type Fuzzed } from './fuzz-requests.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { serve, type TestService } from './service.ts';

const REQUESTS = 10_000;
const AT_ONCE = 24;

let service: TestService;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  service = await serve({
    MODEL_DIR: await fixturePackage('mini-none'),
    MAX_BODY_MB: 1,
    REQUEST_TIMEOUT_MS: 5000,
  });
});
afterAll(async () => {
  agent.destroy();
  await service.stop();
});

interface Outcome {
  /** 0 if the connection was closed, which a client with a malformed body must expect. */
  readonly status: number;
  readonly type: string;
}

function fire({ method, path, headers, body }: Fuzzed): Promise<Outcome> {
  return new Promise((resolve) => {
    const sent = request(`${service.url}${path}`, {
      method,
      headers: { ...headers, 'content-length': body.length },
      agent,
    });
    sent.on('response', (response) => {
      response.resume();
      response.on('close', () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '' });
      });
    });
    sent.on('error', () => {
      resolve({ status: 0, type: '' });
    });
    sent.end(body);
  });
}

/** Memory after garbage collections: of live JavaScript objects, and of the process with its native libraries. */
async function memory(): Promise<{ live: number; resident: number }> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Node.js drops what only its finalizers and weak references held in later turns: on version 24, 30 MiB.
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await setTimeout(100);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { live: heapUsed + external, resident: rss };
}

it('withstands 10,000 generated and mutated requests', { timeout: 300_000 }, async () => {
  const { name, digest } = service.model.predictor.model;
  const fuzz = await makeFuzzer(`/v2/models/${name}`, digest);
  const counts = new Map<number, number>();
  const bare = new Set<string>();
  let next = 0;
  const work = async (until: number): Promise<void> => {
    while (next < until) {
      const { status, type } = await fire(fuzz(next++));
      counts.set(status, (counts.get(status) ?? 0) + 1);
      // Every error has a body that explains it.
      if (status >= 400 && !/^application\/(problem\+)?json$/.test(type)) bare.add(`${status} ${type}`);
    }
  };
  const round = (until: number): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, () => work(until)));
  const { pool } = service.model;
  const pid = pool.pid;
  const failures: unknown[] = [];
  pool.on('failure', (failure) => failures.push(failure));
  // The first part warms up code, caches and threads.
  await round(REQUESTS / 2);
  const before = { ...(await memory()), handles: process.getActiveResourcesInfo().length };
  await round(REQUESTS);

  const statuses = [...counts.keys()].sort((a, b) => a - b);
  expect(statuses.filter((status) => status >= 500 && status !== 503 && status !== 504)).toEqual([]);
  expect(statuses).toEqual(expect.arrayContaining([200, 400, 404, 405, 413, 415, 422]));
  expect([...bare]).toEqual([]);
  expect(counts.get(0) ?? 0).toBeLessThan(REQUESTS / 100);
  expect(failures).toEqual([]);
  expect([pool.state.phase, pool.pid]).toEqual(['ready', pid]);
  expect((await send(`${service.url}/predict`, await predictBody('a dog')).outcome).status).toBe(200);
  await until('no work is left', () => {
    return service.model.batcher.waiting + service.model.batcher.inFlight === 0;
  });
  // Each client may keep a connection, both ends of which are in this process.
  const kept = 2 * AT_ONCE + 4;
  await until('no handles leak', () => process.getActiveResourcesInfo().length <= before.handles + kept);
  const after = await memory();
  expect(after.live - before.live).toBeLessThan(16 * MIB);
  // Leaks of decoders are outside the heap. Without a leak this grows by a few MiB.
  expect(after.resident - before.resident).toBeLessThan(96 * MIB);
});
