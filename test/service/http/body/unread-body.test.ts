import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { DiscardLimits } from '../../../../service/http/body/unread-body.ts';
import { fakeService, type FakeService, type FakeServiceOptions } from '../fake-service.ts';
import { useRawServer } from '../raw-server.ts';

/** A raw connection. */
interface Client {
  readonly socket: Socket;
  send(...parts: readonly (string | Uint8Array)[]): void;
  /** Everything received, once it matches. */
  received(pattern: RegExp): Promise<string>;
  readonly closed: Promise<unknown>;
}

const server = useRawServer();

async function start(
  options: FakeServiceOptions,
  limits?: DiscardLimits,
): Promise<{ service: FakeService; client: Client }> {
  const service = fakeService({ maxBodyMb: 50, ...options });
  await server.start(service.app, limits === undefined ? {} : { discardLimits: limits });
  return { service, client: await open() };
}

async function open(): Promise<Client> {
  const socket = await server.open();
  let text = '';
  const listeners = new Set<() => void>();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (const check of listeners) check();
  });
  return {
    socket,
    send: (...parts) => {
      for (const part of parts) socket.write(part);
    },
    received: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(text)) resolve(text);
        };
        listeners.add(check);
        socket.once('close', () => {
          reject(new Error(`The connection closed after: ${text}`));
        });
        check();
      }),
    closed: new Promise((resolve) => socket.once('close', resolve)),
  };
}

const BODY = Buffer.from(JSON.stringify({ image: Buffer.alloc(9000).toString('base64'), text: 'a dog' }));

function head(...headers: readonly string[]): string {
  return ['POST /predict HTTP/1.1', 'host: a', 'content-type: application/json', ...headers, '', ''].join('\r\n');
}

const LENGTH = `content-length: ${BODY.length}`;
/** A chunk of a body without Content-Length. */
const CHUNK = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'a'), Buffer.from('\r\n')]);
const PROBE = 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n';

describe('a client that waits for "100 Continue"', () => {
  it('is asked to send when there is room for its body', async () => {
    const { client, service } = await start({});
    client.send(head(LENGTH, 'expect: 100-continue'));
    await client.received(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    expect([service.admission.held, service.uploads.arriving]).toEqual([0, 1]);
    client.send(BODY);
    expect(await client.received(/"label":"yes"/)).not.toMatch(/connection: close/i);
    client.send(PROBE);
    await client.received(/\{"status":"ok"\}/);
  });

  it.each([
    ['finds the queue full', 429, LENGTH],
    ['would send too much', 413, 'content-length: 52428801'],
    ['would send a compressed body', 415, `${LENGTH}\r\ncontent-encoding: gzip`],
  ])('is refused before it sends a body when it %s', async (_, status, length) => {
    const { client, service } = await start({ maxQueue: 1 });
    if (status === 429) service.admission.admit();
    client.send(head(length, 'expect: 100-continue'));
    const answer = await client.received(new RegExp(`"status":${status}`));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/connection: close/i);
    await client.closed;
  });
});

describe('a client that sends its body at once', () => {
  it('can finish a refused body and keeps its connection', async () => {
    const { client, service } = await start({ maxQueue: 1 });
    const slot = service.admission.admit();
    const half = BODY.length / 2;
    client.send(head(LENGTH), BODY.subarray(0, half));
    await client.received(/^HTTP\/1\.1 429 [^]*"status":429/);
    slot.release();
    client.send(BODY.subarray(half), head(LENGTH), BODY);
    await client.received(/"label":"yes"/);
    expect(service.asked).toHaveLength(1);
  });

  it('is told that its body is too large while it is still sending', async () => {
    const { client } = await start({ maxBodyMb: 1 });
    client.send(head('transfer-encoding: chunked'));
    // A string, so that the JSON is well formed.
    client.send('1\r\n"\r\n', ...Array<Buffer>(40).fill(CHUNK));
    await client.received(/^HTTP\/1\.1 413 [^]*"status":413/);
    client.send(...Array<Buffer>(40).fill(CHUNK), '0\r\n\r\n', PROBE);
    await client.received(/\{"status":"ok"\}/);
  });

  it('is told that its deadline has passed and keeps its connection', async () => {
    const { client } = await start({});
    client.send(head(LENGTH, 'x-request-timeout-ms: 20'), BODY.subarray(0, 100));
    await client.received(/^HTTP\/1\.1 504 [^]*"status":504/);
    client.send(BODY.subarray(100), PROBE);
    await client.received(/\{"status":"ok"\}/);
  });

  it('is disconnected when its body does not arrive in time', async () => {
    const { client } = await start({ requestTimeoutMs: 20 });
    client.send(head(LENGTH), BODY.subarray(0, 100));
    const answer = await client.received(/^HTTP\/1\.1 408 [^]*"status":408/);
    expect(answer).toMatch(/connection: close/i);
    await client.closed;
  });

  it.each([
    ['for too long', { ms: 50, bytes: Infinity }],
    ['too much', { ms: 3_600_000, bytes: 500_000 }],
  ])('is disconnected when it goes on sending %s after its answer', async (_, limits) => {
    const { client, service } = await start({ maxQueue: 1 }, limits);
    service.admission.admit();
    client.send(head('transfer-encoding: chunked'));
    await client.received(/^HTTP\/1\.1 429 [^]*"status":429/);
    const sending = setInterval(() => {
      client.send(CHUNK);
    }, 1);
    await client.closed;
    clearInterval(sending);
  });
});
