import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { overloadGate } from '../../../service/http/overload-gate.ts';
import type { AppDeps } from '../../../service/http/app.ts';
import { fakeKeys, fakeService, type FakeService, type FakeServiceOptions } from './fake-service.ts';
import { useRawServer } from './raw-server.ts';

const server = useRawServer();
const ORIGIN = 'https://a.example';
const BODY = JSON.stringify({ image: 'AAAA', text: 'a dog' });

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
}

/** A service whose queue is full. Without a gate, the application refuses. */
async function start(hasGate: boolean, options: FakeServiceOptions = {}): Promise<FakeService> {
  const service = fakeService({ maxQueue: 1, ...options, deps: { corsOrigins: [ORIGIN], ...options.deps } });
  service.admission.admit(1, 'b');
  await server.start(service.app, hasGate ? { gate: await overloadGate(service.deps) } : {});
  return service;
}

function head(path: string, headers: readonly string[] = [], method = 'POST'): string {
  return [`${method} ${path} HTTP/1.1`, 'host: a', `content-length: ${BODY.length}`, ...headers, '', ''].join('\r\n');
}

async function answer(socket: Socket, sent: string): Promise<Answer> {
  let text = '';
  const onData = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  socket.on('data', onData);
  socket.write(sent);
  await expect.poll(() => text).toMatch(/\}$/);
  socket.off('data', onData);
  const [lines = '', body = ''] = text.split('\r\n\r\n');
  const [status = '', ...headers] = lines.split('\r\n');
  return {
    status: Number(status.split(' ')[1]),
    headers: Object.fromEntries(
      headers.map((line) => {
        const [name = '', value = ''] = line.split(': ', 2);
        return [name.toLowerCase(), value];
      }),
    ),
    body: JSON.parse(body) as Record<string, unknown>,
  };
}

const PATHS = ['/predict', '/predict/json', '/v2/models/fake/infer', '/v2/models/fake/versions/1/infer'];
const JSON_LINES = ['content-type: application/json', 'x-request-id: am9iLTE_='];

describe('a refusal for want of a place in the queue', () => {
  it.each(PATHS)('of %s is what the application would have answered', async (path) => {
    for (const origin of [ORIGIN, 'https://b.example', undefined]) {
      const lines = [...JSON_LINES, ...(origin === undefined ? [] : [`origin: ${origin}`])];
      const answers: Answer[] = [];
      for (const hasGate of [true, false]) {
        const service = await start(hasGate);
        const { headers, ...rest } = await answer(await server.open(), head(path, lines) + BODY);
        const { date, 'retry-after': seconds, ...others } = headers;
        expect(date).toBeDefined();
        expect(Number(seconds)).toBeGreaterThan(0);
        answers.push({ ...rest, headers: others });
        const [summary] = service.summaries;
        expect(summary?.problem?.problem).toBe('overloaded');
        expect([summary?.method, summary?.status, summary?.requestId]).toEqual(['POST', 429, 'am9iLTE_=']);
        expect(summary?.route).toBe(path.startsWith('/v2') ? '/v2/models/:name/infer' : '/predict');
      }
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[0]?.status).toBe(429);
    }
  });

  it('is sent before the rest of a large body, and closes the connection', async () => {
    await start(true);
    const length = `content-length: ${1024 * 1024}`;
    const sent = ['POST /predict HTTP/1.1', 'host: a', length, ...JSON_LINES, '', BODY].join('\r\n');
    const { status, headers } = await answer(await server.open(), sent);
    expect([status, headers['connection']]).toEqual([429, 'close']);
  });

  it('keeps the connection of a small body', async () => {
    await start(true);
    const socket = await server.open();
    expect((await answer(socket, head('/predict', JSON_LINES) + BODY)).status).toBe(429);
    expect((await answer(socket, head('/predict', JSON_LINES) + BODY)).status).toBe(429);
  });

  it('is for those who may ask only', async () => {
    const apiKeys: AppDeps['apiKeys'] = {
      ...fakeKeys({ alpha: 'a', beta: 'b' }),
      rates: { take: (name) => (name === 'b' ? 1000 : 0), waitMs: (name) => (name === 'b' ? 1000 : 0) },
    };
    const service = await start(true, { deps: { apiKeys } });
    const ask = async (path: string, lines: string[] = [], method?: string): Promise<unknown[]> => {
      const { status, body } = await answer(await server.open(), head(path, lines, method) + BODY);
      return [status, String(body['type']).split('#')[1]];
    };
    expect(await ask('/predict')).toEqual([401, 'unauthorized']);
    expect(await ask('/predict', ['x-api-key: gamma'])).toEqual([403, 'forbidden']);
    expect(await ask('/predict', ['x-api-key: beta'])).toEqual([429, 'rate-limited']);
    expect(await ask('/predict', ['x-api-key: alpha', 'host: b'])).toEqual([400, 'invalid-field']);
    expect(await ask('/predict', ['x-api-key: alpha'], 'PUT')).toEqual([405, 'method-not-allowed']);
    expect(await ask('/v2/models/other/infer', ['x-api-key: alpha'])).toEqual([404, 'not-found']);
    expect(await ask('/predict', ['authorization: Bearer alpha'])).toEqual([429, 'overloaded']);
    expect(service.summaries.at(-1)?.record.attributes).toEqual({ api_key: 'a' });
  });
});
