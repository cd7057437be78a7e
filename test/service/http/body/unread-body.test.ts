import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DISCARD_LIMITS, type DiscardLimits } from '../../../../service/http/body/unread-body.ts';
import { createAdminApp } from '../../../../service/http/admin-app.ts';
import { Metrics } from '../../../../service/observability/metrics.ts';
import type { Verdict } from '../../../../service/requests/health.ts';
import { fakeKeys, fakeService, type FakeService, type FakeServiceOptions } from '../fake-service.ts';
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

async function open(options: { allowHalfOpen?: boolean } = {}): Promise<Client> {
  const socket = await server.open(options);
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

  const EXPECT = 'expect: 100-continue';

  describe.each([
    ['/predict', 'multipart/form-data; boundary=b'],
    ['/predict', 'application/json'],
    ['/predict/json', 'application/json'],
    ['/demo/pixels', 'multipart/form-data; boundary=b'],
    ['/v2/models/fake/infer', 'application/json'],
    ['/v2/models/fake/versions/1/infer', 'application/octet-stream'],
  ])('to %s with %s', (path, type) => {
    const typed = `content-type: ${type}`;

    /** Sends a head that must be refused; gives the whole answer, after which the connection is closed. */
    async function refused(status: number, options: FakeServiceOptions, ...lines: string[]): Promise<void> {
      const { client, service } = await start({
        ...options,
        deps: { demo: true, ...options.deps },
      });
      if (options.maxQueue === 1) service.admission.admit();
      client.send([...lines, EXPECT, '', ''].join('\r\n'));
      const answer = await client.received(new RegExp(`"status":${status}`));
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toMatch(/connection: close/i);
      await client.closed;
    }

    const line = `POST ${path} HTTP/1.1`;
    const locked = fakeKeys({ right: 'a' });
    const no = { ok: false, reason: 'a reason' } as const;
    it.each<[string, number, FakeServiceOptions, string[]]>([
      ['of a wrong type', 415, {}, [line, 'host: a', 'content-type: image/png', LENGTH]],
      ['that finds the queue full', 429, { maxQueue: 1 }, [line, 'host: a', typed, LENGTH]],
      ['that finds no room for bodies', 429, { maxBodyBytes: 100 }, [line, 'host: a', typed, LENGTH]],
      ['that is too large', 413, {}, [line, 'host: a', typed, 'content-length: 52428801']],
      ['in an unknown encoding', 415, {}, [line, 'host: a', typed, LENGTH, 'content-encoding: br']],
      ['without a key', 401, { deps: { apiKeys: locked } }, [line, 'host: a', typed, LENGTH]],
      ['with a wrong key', 403, { deps: { apiKeys: locked } }, [line, 'host: a', typed, LENGTH, 'x-api-key: b']],
      ['with an invalid deadline', 400, {}, [line, 'host: a', typed, LENGTH, 'x-request-timeout-ms: soon']],
      ['while the model loads', 503, { started: no }, [line, 'host: a', typed, LENGTH]],
      ['with another method', 405, {}, [line.replace('POST', 'PUT'), 'host: a', typed, LENGTH]],
      ['below this path', 404, {}, [`POST ${path}/more HTTP/1.1`, 'host: a', typed, LENGTH]],
      ['with two hosts', 400, {}, [line, 'host: a', 'host: a', typed, LENGTH]],
      ['without a host', 400, {}, [line, typed, LENGTH]],
    ])('is refused before it sends a body %s', async (_, status, options, lines) => {
      await refused(status, options, ...lines);
    });
  });

  it.each([
    ['of another model', 404, 'bert/infer', 'content-type: application/json'],
    ['of another version', 404, 'fake/versions/2/infer', 'content-type: application/json'],
    ['whose JSON is longer than the body', 400, 'fake/infer', `inference-header-content-length: ${BODY.length + 1}`],
    [
      'whose JSON is too large',
      413,
      'fake/infer',
      'content-encoding: gzip\r\ninference-header-content-length: 16777217',
    ],
    ['with a malformed length of its JSON', 400, 'fake/infer', 'inference-header-content-length: all'],
  ])('is refused before it sends an inference request %s', async (_, status, path, header) => {
    const { client } = await start({});
    client.send([`POST /v2/models/${path} HTTP/1.1`, 'host: a', header, LENGTH, EXPECT, '', ''].join('\r\n'));
    expect(await client.received(new RegExp(`"status":${status}`))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await client.closed;
  });

  it('is refused by the admin port, which reads no bodies', async () => {
    const ok = (): Verdict => ({ ok: true });
    const metrics = new Metrics();
    await server.start(createAdminApp({ live: ok, ready: ok, started: ok, draining: false }, metrics));
    const client = await open();
    client.send(['POST /metrics HTTP/1.1', 'host: a', LENGTH, EXPECT, '', ''].join('\r\n'));
    expect(await client.received(/"status":405/)).toMatch(/^HTTP\/1\.1 405 [^]*connection: close/i);
    await client.closed;
    metrics.close();
  });
});

describe('a client that sends its body at once', () => {
  /** The service waits for the rest of the body. */
  const PATIENT = { ...DISCARD_LIMITS, before: { bytes: 65_536, ms: 60_000 } };

  it.each([
    ['with its length', [head(LENGTH), BODY.subarray(0, 100)], [BODY.subarray(100)]],
    ['in chunks', [head('transfer-encoding: chunked')], [CHUNK.subarray(0, 100), CHUNK.subarray(100), '0\r\n\r\n']],
  ])('is answered when little is left of its body, and keeps its connection, %s', async (_, first, rest) => {
    const { client, service } = await start({ maxQueue: 1 }, PATIENT);
    const slot = service.admission.admit();
    client.send(...first);
    await expect.poll(() => service.summaries).toHaveLength(1);
    slot.release();
    client.send(...rest, head(LENGTH), BODY);
    expect(await client.received(/"label":"yes"/)).toMatch(/^HTTP\/1\.1 429 /);
    expect(service.asked).toHaveLength(1);
  });

  it.each([
    ['much of its body is announced', PATIENT, ['content-length: 65537'], []],
    ['much of its body arrives', PATIENT, ['transfer-encoding: chunked'], [CHUNK, CHUNK]],
    ['the rest of its body does not come', { ...DISCARD_LIMITS, before: { bytes: 65_536, ms: 1 } }, [LENGTH], []],
  ])('is told that its connection will be closed when %s', async (_, limits, headers, chunks) => {
    const { client, service } = await start({ maxQueue: 1 }, limits);
    service.admission.admit();
    client.send(head(...headers), ...chunks);
    expect(await client.received(/"status":429/)).toMatch(/^HTTP\/1\.1 429 [^]*connection: close/i);
    await client.closed;
  });

  it('is told that its body is too large while it is still sending', async () => {
    const { client } = await start({ maxBodyMb: 1 });
    const errors: Error[] = [];
    client.socket.on('error', (error) => errors.push(error));
    client.send(head('transfer-encoding: chunked'));
    // A string, so that the JSON is well formed.
    client.send('1\r\n"\r\n', ...Array<Buffer>(40).fill(CHUNK));
    await client.received(/^HTTP\/1\.1 413 [^]*"status":413/);
    client.send(...Array<Buffer>(40).fill(CHUNK), '0\r\n\r\n');
    await client.closed;
    expect(errors).toEqual([]);
  });

  it('is told that its deadline has passed and keeps its connection', async () => {
    const { client, service } = await start({}, PATIENT);
    client.send(head(LENGTH, 'x-request-timeout-ms: 20'), BODY.subarray(0, 100));
    await expect.poll(() => service.summaries).toHaveLength(1);
    client.send(BODY.subarray(100), PROBE);
    expect(await client.received(/\{"status":"ok"\}/)).toMatch(/^HTTP\/1\.1 504 [^]*"status":504/);
  });

  it('is disconnected when its body does not arrive in time', async () => {
    const { client } = await start({ requestTimeoutMs: 20 });
    client.send(head(LENGTH), BODY.subarray(0, 100));
    const answer = await client.received(/^HTTP\/1\.1 408 [^]*"status":408/);
    expect(answer).toMatch(/connection: close/i);
    await client.closed;
  });

  describe('and wants its connection closed', () => {
    async function refuse(pauseMs = 60_000): Promise<Client> {
      const limits = { ...DISCARD_LIMITS, after: { ...DISCARD_LIMITS.after, pauseMs } };
      const { service } = await start({ maxQueue: 1 }, limits);
      service.admission.admit();
      const client = await open({ allowHalfOpen: true });
      const ended = once(client.socket, 'end');
      client.send(head('transfer-encoding: chunked', 'connection: close'), CHUNK);
      await client.received(/^HTTP\/1\.1 429 [^]*"status":429/);
      // No further answer comes, but the service still reads.
      await ended;
      return client;
    }

    it('can finish a refused body without an error', async () => {
      const { socket, closed } = await refuse();
      const errors: Error[] = [];
      socket.on('error', (error) => errors.push(error));
      for (let sent = 0; sent < 100; sent++) await new Promise((resolve) => socket.write(CHUNK, resolve));
      socket.end('0\r\n\r\n');
      await closed;
      expect(errors).toEqual([]);
    });

    it('is disconnected when it pauses', async () => {
      const { socket, closed } = await refuse(1);
      // The kernel answers what is sent after that with a reset.
      const sending = setInterval(() => socket.write(CHUNK), 500);
      await closed;
      clearInterval(sending);
      expect(socket.destroyed).toBe(true);
    });
  });

  it.each([
    ['for too long', { ms: 50, bytes: Infinity, pauseMs: 60_000 }],
    ['too much', { ms: 3_600_000, bytes: 500_000, pauseMs: 60_000 }],
  ])('is disconnected when it goes on sending %s after its answer', async (_, after) => {
    const { client, service } = await start({ maxQueue: 1 }, { ...DISCARD_LIMITS, after });
    service.admission.admit();
    client.send(head('transfer-encoding: chunked'));
    await client.received(/^HTTP\/1\.1 429 [^]*"status":429/);
    const sending = setInterval(() => {
      client.send(CHUNK);
    }, 1);
    await client.closed;
    clearInterval(sending);
    expect(client.socket.destroyed).toBe(true);
  });
});
