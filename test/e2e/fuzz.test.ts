import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SeededRandom } from '../support/random.ts';
import { predictBody, send, until } from './client.ts';
import { compileFixture, fixtureFile } from './packages.ts';
import { serve } from './service.ts';
import type { TestService } from './service.ts';

const REQUESTS = 10_000;
const AT_ONCE = 24;
const MIB = 1024 * 1024;

let folder = '';
let service: TestService;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ofa-ve-fuzz-'));
  service = await serve({
    MODEL_DIR: await compileFixture('mini-none', folder),
    MAX_BODY_MB: 1,
    REQUEST_TIMEOUT_MS: 5000,
  });
});
afterAll(async () => {
  agent.destroy();
  await service.stop();
  await rm(folder, { recursive: true });
});

interface Fuzzed {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Flips, cuts, doubles and fills in bytes. */
function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  let result = Buffer.from(bytes);
  for (let times = random(4); times > 0; times--) {
    const at = random(result.length + 1);
    const length = random(64);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    switch (random(5)) {
      case 0:
        if (result.length > 0) result[at % result.length] = random(256);
        break;
      case 1:
        result = Buffer.concat([before, after.subarray(length)]);
        break;
      case 2:
        result = Buffer.concat([before, after.subarray(0, length), after]);
        break;
      case 3:
        result = Buffer.concat([before, Buffer.alloc(length, random(256)), after]);
        break;
      default:
        result = Buffer.from(before);
    }
  }
  return result;
}

const ODD_VALUES = ['', '0', '-1', '1e9', 'NaN', 'a'.repeat(5000), '\u00e9', '00-0-0-0', '*/*', 'bytes=0-1'];
const HEADERS = [
  'x-request-timeout-ms',
  'x-request-id',
  'traceparent',
  'content-encoding',
  'accept',
  'range',
  'expect',
];
const PATHS = [
  '/predict',
  '/predict',
  '/predict',
  '/v2/models/mini-none/infer',
  '/demo/pixels',
  '/',
  '/docs/..%2f..%2fetc',
  '/v2',
  '/healthz?x=%00',
];
const METHODS = ['POST', 'POST', 'POST', 'POST', 'GET', 'PUT', 'OPTIONS', 'DELETE'];

async function makeFuzzer(): Promise<(seed: number) => Fuzzed> {
  const picture = await readFile(fixtureFile('mini-none', 'image-00.png'));
  const formType = 'multipart/form-data; boundary=edge';
  const form = Buffer.concat([
    Buffer.from('--edge\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
    picture,
    Buffer.from('\r\n--edge\r\ncontent-disposition: form-data; name="text"\r\n\r\na dog\r\n--edge--\r\n'),
  ]);
  const json = Buffer.from(await predictBody('a dog'));
  const infer = Buffer.from(
    JSON.stringify({
      inputs: [
        { name: 'image', shape: [1], datatype: 'BYTES', data: [picture.toString('base64')] },
        { name: 'text', shape: [1], datatype: 'BYTES', data: ['a dog'] },
      ],
    }),
  );
  const seeds = [
    { body: form, type: formType },
    { body: json, type: 'application/json' },
    { body: infer, type: 'application/json' },
    { body: Buffer.alloc(0), type: 'text/plain' },
  ];
  return (seed) => {
    const numbers = new SeededRandom(seed);
    const random = (below: number): number => numbers.integer(below);
    const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
    const { body, type } = pick(seeds);
    const headers: Record<string, string> = {
      'content-type':
        random(10) === 0 ? pick([formType, 'application/json', 'image/png', 'multipart/form-data']) : type,
    };
    // Latin-1 is all that a header's value can hold on the client's side.
    if (random(5) === 0) headers[pick(HEADERS.slice(0, 6))] = pick(ODD_VALUES);
    return { method: pick(METHODS), path: pick(PATHS), headers, body: mutate(body, random) };
  };
}

/** @returns the status; 0 where the connection was cut, which a client that lies about its body must expect */
function fire({ method, path, headers, body }: Fuzzed): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(`${service.url}${path}`, { method, headers, agent });
    sent.on('response', (response) => {
      response.resume();
      response.on('close', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    sent.on('error', () => {
      resolve(0);
    });
    sent.end(method === 'GET' ? undefined : body);
  });
}

/** Bytes that live after a full collection. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('withstands 10,000 generated and mutated requests', { timeout: 300_000 }, async () => {
  const fuzz = await makeFuzzer();
  const counts = new Map<number, number>();
  let next = 0;
  const work = async (until: number): Promise<void> => {
    while (next < until) {
      const status = await fire(fuzz(next++));
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  };
  const round = (until: number): Promise<unknown> =>
    Promise.all(Array.from({ length: AT_ONCE }, () => work(until)));
  const { supervisor } = service.model;
  const pid = supervisor.pid;
  const failures: unknown[] = [];
  supervisor.on('failure', (failure) => failures.push(failure));
  // What is made once (code, caches, threads) is made in the first part.
  await round(REQUESTS / 4);
  const before = { bytes: liveBytes(), handles: process.getActiveResourcesInfo().length };
  await round(REQUESTS);

  const statuses = [...counts.keys()].sort((a, b) => a - b);
  expect(statuses.filter((status) => status >= 500 && status !== 503 && status !== 504)).toEqual([]);
  expect(statuses).toEqual(expect.arrayContaining([200, 400, 404, 405, 415, 422]));
  expect(counts.get(0) ?? 0).toBeLessThan(REQUESTS / 100);
  expect(failures).toEqual([]);
  expect([supervisor.state.phase, supervisor.pid]).toEqual(['ready', pid]);
  expect((await send(`${service.url}/predict`, await predictBody('a dog')).outcome).status).toBe(200);
  await until('nothing is left behind', () => {
    return service.model.batcher.waiting + service.model.batcher.inFlight === 0;
  });
  // Each worker may keep a connection, whose two ends are both in this process.
  const kept = 2 * AT_ONCE + 4;
  await until(
    'no handle is left behind',
    () => process.getActiveResourcesInfo().length <= before.handles + kept,
  );
  expect(liveBytes() - before.bytes).toBeLessThan(16 * MIB);
});
