import { text } from 'node:stream/consumers';
import { expect, it, vi } from 'vitest';
import { expectProblem, fakeService } from './fake-service.ts';
import { responseOf, useRawServer } from './raw-server.ts';
import { DISCARD_LIMITS } from '../../../service/http/body/unread-body.ts';
import type { ListenOptions } from '../../../service/http/listen.ts';
import type { Gate } from '../../../service/http/overload-gate.ts';
import {
  CLIENT_CLOSED_REQUEST,
  UNMATCHED,
  type RequestSummary,
} from '../../../service/observability/request-record.ts';

const server = useRawServer();

/** Sends the head of a request, and reads the response until the connection ends. */
function exchange(...lines: readonly string[]): Promise<Response> {
  return exchangeBytes([...lines, 'connection: close', '', ''].join('\r\n'));
}

async function exchangeBytes(sent: string | Uint8Array, options: Partial<ListenOptions> = {}): Promise<Response> {
  const { observer } = options;
  await server.start(fakeService({ deps: observer === undefined ? {} : { observer } }).app, options);
  const socket = await server.open();
  socket.write(sent);
  return responseOf(socket);
}

it.each([
  ['no Host', 'GET /livez HTTP/1.1', []],
  ['an empty Host', 'GET /livez HTTP/1.1', ['host:']],
  ['an invalid Host', 'GET /livez HTTP/1.1', ['host: a b']],
  ['an invalid address as Host', 'GET /livez HTTP/1.1', ['host: [::1::]:8000']],
  ['a Host with more than a name', 'GET /livez HTTP/1.1', ['host: a/../b@c']],
  ['no path', 'OPTIONS * HTTP/1.1', ['host: a']],
])('says what is wrong with a request that has %s', async (_, line, headers) => {
  const response = await exchange(line, ...headers);
  expect(await expectProblem(response, 400, 'invalid-field', 'Host')).toContain(
    'The header Host is missing or does not form a valid URL',
  );
});

it.each([
  'a',
  'a:8000',
  '[::1]:8000',
  '[0:0:0:0:0:0:0:1]:8000',
  '[2001:0DB8::1]',
  '[::ffff:127.0.0.1]:8000',
  'A.example',
  'A.example:8000',
  'a.:8000',
  'a:',
  '[::1]:',
  '127.0.0.1',
])('answers a request to %s', async (host) => {
  const response = await exchange('GET /livez HTTP/1.1', `host: ${host}`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

it('answers a request with an unknown expectation', async () => {
  const response = await exchange('GET /livez HTTP/1.1', 'host: a', 'expect: more');
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

it('keeps idle connections for longer than load balancers do, which would use them while they are closed', async () => {
  const { port } = await server.start(fakeService().app);
  const response = await fetch(`http://127.0.0.1:${port}/livez`);
  await response.text();
  const [, seconds] = /^timeout=(\d+)$/.exec(response.headers.get('keep-alive') ?? '') ?? [];
  // Those of Google Cloud.
  expect(Number(seconds)).toBeGreaterThan(600);
});

it('answers HTTP/1.0 without a Host', async () => {
  const response = await exchange('GET /livez HTTP/1.0');
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

it.each(['a', 'b'])('refuses a second Host', async (host) => {
  const response = await exchange('GET /livez HTTP/1.1', 'host: a', `Host: ${host}`);
  expect(await expectProblem(response, 400, 'invalid-field', 'Host')).toBe('The header Host may be given only once.');
});

const POST = 'POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';

it.each([
  ['is no HTTP', 400, 'malformed-request', Buffer.from([22, 3, 1, 2, 0, 1, 0, 1])],
  ['has a malformed header', 400, 'malformed-request', 'GET /livez HTTP/1.1\r\nhost: a\r\nx y\r\n\r\n'],
  ['has two lengths', 400, 'malformed-request', `${POST}content-length: 1\r\ncontent-length: 2\r\n\r\n`],
  ['has a malformed chunk', 400, 'malformed-request', `${POST}transfer-encoding: chunked\r\n\r\nx\r\n`],
  ['has too large headers', 431, 'headers-too-large', `GET /${'a'.repeat(2_000_000)} HTTP/1.1\r\nhost: a\r\n\r\n`],
  ['sends no headers', 408, 'request-timeout', 'GET /livez HTTP/1.1\r\nhost: a\r\n'],
])('answers what %s as a problem, and closes the connection', async (_, status, problem, sent) => {
  const recorded: RequestSummary[] = [];
  const observer = { end: (summary: RequestSummary) => recorded.push(summary) };
  const response = await exchangeBytes(sent, { headersMs: status === 408 ? 1 : 15_000, observer });
  expect(response.headers.get('connection')).toBe('close');
  const requestId = response.headers.get('x-request-id');
  await expectProblem(response, status, problem);
  // The application records what it has begun to read.
  const route = sent.includes('chunked') ? '/predict' : UNMATCHED;
  expect(recorded).toMatchObject([{ route, status, requestId, problem: { problem } }]);
});

const PLAIN = 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n';
const PROXY_2 = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

it.each([
  ['TLS', Buffer.from([22, 3, 1, 2, 0, 1, 0, 1]), 'This port is plain HTTP, but the client speaks TLS'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'the client speaks HTTP/2; gRPC has a port of its own'],
  ['PROXY protocol', `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${PLAIN}`, 'does not read the PROXY protocol'],
  ['its version 2', Buffer.concat([PROXY_2, Buffer.from(PLAIN)]), 'does not read the PROXY protocol'],
  ['none of these', 'SSH-2.0-a\r\n', 'This is not a valid request of HTTP/1.1.'],
  ['a method of that name', PLAIN.replace('GET', 'PROXY/'), 'This is not a valid request of HTTP/1.1.'],
])('names the mistake, in the log too, where a client speaks %s', async (_, sent, detail) => {
  const recorded: RequestSummary[] = [];
  const observer = { end: (summary: RequestSummary) => recorded.push(summary) };
  const response = await exchangeBytes(sent, { observer });
  expect(await expectProblem(response, 400, 'malformed-request')).toContain(detail);
  const logged: unknown = expect.stringContaining(detail);
  expect(recorded).toMatchObject([{ record: { attributes: { detail: logged } } }]);
});

it.each([
  ['has answered', `POST /nothing HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n`, 404],
  ['is at work', `POST /nothing HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nx\r\n`, 400],
  ['is at work on what needs no body', 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\nx\r\n\r\n', 400],
])('records what its client got where the rest is malformed while the application %s', async (_, sent, status) => {
  const recorded: RequestSummary[] = [];
  const observer = { end: (summary: RequestSummary) => recorded.push(summary) };
  const before = { bytes: 1, ms: 60_000 };
  await server.start(fakeService({ deps: { observer } }).app, { discardLimits: { ...DISCARD_LIMITS, before } });
  const socket = await server.open();
  socket.write(sent);
  // The answer waits for the rest of the body.
  await vi.waitFor(() => {
    expect(recorded).toHaveLength(1);
  });
  socket.write('x\r\n');
  const [head = ''] = (await text(socket)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nconnection: close`, 'i'));
  expect(recorded).toMatchObject([{ status, requestId: /x-request-id: (\S+)/i.exec(head)?.[1] }]);
});

it('refuses what the gate refuses although the rest is malformed', async () => {
  const gate: Gate = (_, outgoing) => () => outgoing.writeHead(429).end();
  await server.start(fakeService().app, { gate });
  const socket = await server.open();
  socket.write(`${POST}transfer-encoding: chunked\r\n\r\nx\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 429 /);
});

it.each([
  ['by its length', 'content-length: 9\r\n\r\n{'],
  ['in chunks', 'transfer-encoding: chunked\r\n\r\n9\r\n{'],
])('records a client that leaves while it sends a body %s as gone, and not as refused', async (_, rest) => {
  const recorded = new Promise<RequestSummary>((end) => {
    void server.start(fakeService({ deps: { observer: { end } } }).app).then(async () => {
      (await server.open()).end(`${POST}${rest}`);
    });
  });
  expect(await recorded).toMatchObject({ route: '/predict', status: CLIENT_CLOSED_REQUEST, problem: undefined });
});

it.each([
  ['says so', '1.1', 'connection: close\r\n'],
  ['is of HTTP/1.0', '1.0', ''],
])('answers the last request of a connection, which %s, whatever follows it', async (_, version, header) => {
  const body = JSON.stringify({ image: 'AAAA', text: 'a dog' });
  const head = `${POST.replace('1.1', version)}${header}content-length: ${body.length}\r\n\r\n`;
  const { app, summaries } = fakeService({ predict: () => new Promise((resolve) => setTimeout(resolve, 50, [])) });
  await server.start(app);
  const socket = await server.open();
  socket.write(head + body + PLAIN);
  const received = await text(socket);
  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
  expect(summaries).toMatchObject([{ route: '/predict', status: 200 }]);
});

it('reads every header, however many there are', async () => {
  const others = Array<string>(2100).fill('a: b');
  const response = await exchange('GET /livez HTTP/1.1', 'host: a', ...others, 'x-request-id: job-1');
  expect([response.status, response.headers.get('x-request-id')]).toEqual([200, 'job-1']);
});

it('sends one answer only when what follows a request is malformed', async () => {
  await server.start(fakeService().app);
  const socket = await server.open();
  socket.write('GET /livez HTTP/1.1\r\nhost: a\r\n\r\nx\r\n\r\n');
  const received = await text(socket);
  expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

it.each([
  ['no Host', []],
  ['two Hosts', ['host: a', 'host: a']],
])('answers a request with %s under the id that its client gave it', async (_, headers) => {
  const response = await exchange('GET /livez HTTP/1.1', ...headers, 'x-request-id: job-1');
  expect([response.status, response.headers.get('x-request-id')]).toEqual([400, 'job-1']);
  await expectProblem(response, 400, 'invalid-field', 'Host');
});

it.each([
  ['GET /v2/health/live?a HTTP/1.1', 'application/json'],
  ['GET /v3 HTTP/1.1', 'application/problem+json'],
])('answers %s without a Host in the type of its other errors', async (line, type) => {
  expect((await exchange(line)).headers.get('content-type')).toBe(type);
});

it('records what has no valid Host, and nothing for a connection on which nothing is sent', async () => {
  const recorded: RequestSummary[] = [];
  const observer = { end: (summary: RequestSummary) => recorded.push(summary) };
  const response = await exchangeBytes('GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', { observer });
  const requestId = response.headers.get('x-request-id');
  expect(recorded).toMatchObject([{ route: UNMATCHED, status: 400, requestId, problem: { field: 'Host' } }]);
  expect((await exchangeBytes('', { headersMs: 1, observer })).status).toBe(408);
  expect(recorded).toHaveLength(1);
});
