import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DISCARD_LIMITS } from '../../../service/http/body/unread-body.ts';
import { CONNECTION_LIMITS, Connections } from '../../../service/http/connections.ts';
import type { ListenOptions } from '../../../service/http/listen.ts';
import type { Listener } from '../../../service/requests/listener.ts';
import { fakeService, type FakeService, type FakeServiceOptions } from './fake-service.ts';
import { useRawServer } from './raw-server.ts';

const server = useRawServer();
let listener: Listener;

async function start(
  options: Partial<ListenOptions> = {},
  serviceOptions: FakeServiceOptions = {},
): Promise<FakeService> {
  const service = fakeService(serviceOptions);
  listener = await server.start(service.app, options);
  return service;
}

interface Client {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** Everything received so far. */
  text(): string;
}

/** Sends this at once. */
async function open(sent: string, { reads = true } = {}): Promise<Client> {
  const socket = await server.open({ allowHalfOpen: true });
  socket.on('end', () => socket.end());
  const closed = once(socket, 'close');
  let text = '';
  if (reads) socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.write(sent);
  return { socket, closed, text: () => text };
}

/** Asks for whether the service is alive, and gets the answer. */
async function answered(): Promise<Client> {
  const client = await open(PROBE);
  await expect.poll(() => client.text()).toMatch(/ok/);
  return client;
}

/**
 * Asks for more than 20 MB by as many requests as a connection may have, and begins to read after so long: what comes is
 * what the kernel has, and then the end.
 */
async function readLate(ms: number): Promise<void> {
  // The first request loads the file.
  const first = await open(ASSET);
  await expect.poll(() => first.text().length).toBeGreaterThan(1_000_000);
  const { socket, closed } = await open(ASSET.repeat(CONNECTION_LIMITS.waitingEach + 1), { reads: false });
  await sleep(ms);
  let bytes = 0;
  socket.on('data', (chunk) => (bytes += chunk.length));
  await closed;
  expect(bytes).toBeLessThan(20_000_000);
}

const PROBE = 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n';
const ASSET = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: a\r\n\r\n';
const BODY = JSON.stringify({ image: Buffer.alloc(90).toString('base64'), text: 'a dog' });
const post = (version = '1.1'): string =>
  [
    `POST /predict HTTP/${version}`,
    'host: a',
    'content-type: application/json',
    `content-length: ${BODY.length}`,
    '',
    BODY,
  ].join('\r\n');

describe('pipelined requests', () => {
  it('are answered one after the other, in order', async () => {
    const waiting: (() => void)[] = [];
    const service = await start(
      {},
      {
        predict: () =>
          new Promise((resolve) =>
            waiting.push(() => {
              resolve([]);
            }),
          ),
      },
    );
    const client = await open(post() + post() + PROBE);
    await expect.poll(() => waiting.length).toBe(1);
    await sleep(50);
    expect([service.asked.length, service.summaries.length]).toEqual([1, 0]);
    waiting[0]?.();
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    await expect.poll(() => client.text()).toMatch(/\{"status":"ok"\}$/);
    expect(service.summaries.map(({ route }) => route)).toEqual(['/predict', '/predict', '/livez']);
  });

  it.each([
    ['on one connection', { waitingEach: 5 }],
    ['on all connections', { waiting: 5 }],
  ])('are limited %s', async (_, limits) => {
    const service = await start({ connectionLimits: { ...CONNECTION_LIMITS, ...limits } });
    const client = await open(PROBE.repeat(6));
    await expect.poll(() => client.text().split('{"status":"ok"}').length).toBe(7);
    const greedy = await open(PROBE.repeat(1000));
    await greedy.closed;
    expect(service.summaries.length).toBeLessThan(20);
    // Nothing is left of those that never had their turn.
    const next = await open(PROBE.repeat(6));
    await expect.poll(() => next.text().split('{"status":"ok"}').length).toBe(7);
  });
});

it('has no more requests parsed than a connection may have', async () => {
  let parsed = 0;
  const raw = createServer((incoming, outgoing) => {
    parsed++;
    connections.begin(incoming, outgoing, () => undefined);
  });
  const connections = new Connections(raw, CONNECTION_LIMITS);
  raw.listen(0, '127.0.0.1');
  await once(raw, 'listening');
  const socket = connect((raw.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(PROBE.repeat(1000));
  await closed;
  raw.close();
  // The one that is answered, those that wait, and the first that may not.
  expect(parsed).toBe(CONNECTION_LIMITS.waitingEach + 2);
});

describe('a client that does not read its answers', () => {
  it('is disconnected after a while', async () => {
    await start({ connectionLimits: { ...CONNECTION_LIMITS, unreadMs: 200 } });
    await readLate(2000);
  });

  it('is disconnected when answers take too much memory, and others are served', async () => {
    await start({ connectionLimits: { ...CONNECTION_LIMITS, unreadBytes: 10_000 } });
    await readLate(2500);
    const other = await open(PROBE);
    await expect.poll(() => other.text()).toMatch(/\{"status":"ok"\}/);
  });
});

describe('a client that ends its side of the connection after a request', () => {
  it.each(['1.0', '1.1'])('gets its answer (HTTP/%s)', async (version) => {
    await start();
    const client = await open(post(version));
    client.socket.end();
    await client.closed;
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 [^]*"label":"yes"/);
  });

  it('gets an answer that takes its time', async () => {
    await start(
      {},
      {
        predict: async () => {
          await sleep(700);
          return [];
        },
      },
    );
    const client = await open(post());
    client.socket.end();
    await client.closed;
    expect(client.text()).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+HTTP\/1\.1 200 /);
  });

  it.each(['1.0', '1.1'])('is noticed to have gone (HTTP/%s)', async (version) => {
    const service = await start(
      {},
      {
        predict: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              reject(signal.reason as Error);
            });
          }),
      },
    );
    const client = await open(post(version));
    await expect.poll(() => service.asked.length).toBe(1);
    client.socket.destroy();
    await expect.poll(() => service.summaries.map(({ status }) => status), { timeout: 5000 }).toEqual([499]);
  });
});

it('disconnects clients that do not complete their headers in time', async () => {
  await start({ headersMs: 300 });
  const client = await open('GET /livez HTTP/1.1\r\nhost: a\r\n');
  const began = performance.now();
  await client.closed;
  expect(client.text()).toMatch(/^HTTP\/1\.1 408 /);
  expect(performance.now() - began).toBeLessThan(10_000);
});

it('accepts no more connections than it may, until some have been idle', async () => {
  await start({ maxConnections: 2 });
  const first = await answered();
  await answered();
  const third = await open(PROBE);
  await third.closed;
  expect(third.text()).toBe('');
  await sleep(1100);
  await (
    await open(PROBE)
  ).closed;
  await first.closed;
  await answered();
});

it('lets the connection that has been idle longest give way before it has to refuse one', async () => {
  await start({ maxConnections: 3 });
  const [first, second] = [await answered(), await answered()];
  first.socket.write(PROBE);
  await expect.poll(() => first.text().split('{"status":"ok"}').length).toBe(3);
  await sleep(1100);
  await answered();
  await second.closed;
  first.socket.write(PROBE);
  await expect.poll(() => first.text().split('{"status":"ok"}').length).toBe(4);
  await answered();
});

it('answers connections that were established just before it closes', async () => {
  await start();
  const clients = await Promise.all(Array.from({ length: 20 }, () => open('')));
  const closed = listener.close();
  await sleep(200);
  for (const { socket } of clients) socket.write(PROBE);
  await expect.poll(() => clients.filter((client) => client.text().includes('"ok"')).length).toBe(20);
  await closed;
});

it('does not wait for the rest of refused bodies when it closes, but lets clients finish them', async () => {
  const after = { bytes: Infinity, ms: 3_600_000, pauseMs: 3_600_000 };
  const service = await start(
    {
      discardLimits: { ...DISCARD_LIMITS, after },
      connectionLimits: { ...CONNECTION_LIMITS, closingRestMs: 1500 },
    },
    { maxQueue: 1 },
  );
  service.admission.admit();
  const [head, rest] = [post().slice(0, -10), post().slice(-10)];
  const [slow, silent] = [await open(head), await open(head)];
  for (const client of [slow, silent]) {
    // It is to keep its side open until it has sent everything.
    client.socket.removeAllListeners('end');
    await once(client.socket, 'end');
    expect(client.text()).toMatch(/^HTTP\/1\.1 429 [^]*"status":429/);
  }
  const errors: Error[] = [];
  slow.socket.on('error', (error) => errors.push(error));
  const closed = listener.close();
  await sleep(500);
  slow.socket.end(rest);
  await slow.closed;
  expect(errors).toEqual([]);
  await closed;
});
