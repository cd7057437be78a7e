import { once } from 'node:events';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type Settings,
} from 'node:http2';
import { gzipSync } from 'node:zlib';
import { status as codes } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SERVICE } from '../../../service/grpc/protocol.ts';
import { listenGrpc, type GrpcListenOptions } from '../../../service/grpc/listen.ts';
import type { Answer } from '../../../service/inference/answer.ts';
import { outcomeOf, type RequestSummary } from '../../../service/observability/request-record.ts';
import type { Listener } from '../../../service/requests/listener.ts';
import { fakeService, type FakeServiceOptions } from '../http/fake-service.ts';

const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const INFER = '/inference.GRPCInferenceService/ModelInfer';
/** Names the whole service. */
const EMPTY = messageOf(Buffer.alloc(0));

let listener: Listener | undefined;
/** How many calls the service has seen. */
let begun = 0;
/** How each call has ended, by outcome and HTTP status. */
const outcomes: string[] = [];
const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const session of sessions.splice(0)) session.destroy();
  listener?.destroy();
  await listener?.close();
  listener = undefined;
});

async function start(options: Partial<GrpcListenOptions> = {}, serviceOptions: FakeServiceOptions = {}) {
  const service = fakeService(serviceOptions);
  const deps = {
    ...service.deps,
    health: { ...service.deps.health, onChange: () => undefined },
    observer: {
      begin: () => {
        begun++;
        return {};
      },
      end: (summary: RequestSummary) => outcomes.push(`${outcomeOf(summary)} ${summary.status}`),
    },
  };
  listener = await listenGrpc(deps, { host: '127.0.0.1', port: 0, ...options });
  return service;
}

function open(settings: Settings = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${listener?.port}`, { settings });
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

/** A message as it is sent: whether it is compressed, its length and its bytes. */
function messageOf(bytes: Uint8Array, isCompressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(Number(isCompressed));
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Begins a call whose messages have yet to be sent. */
function begin(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  const fixed = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...fixed, ...headers });
  return stream.on('error', () => undefined).resume();
}

/** Begins calls, and waits until the service has seen them. */
async function beginEach(opened: readonly ClientHttp2Session[], path: string): Promise<ClientHttp2Stream[]> {
  const before = begun;
  const streams = opened.map((session) => begin(session, path));
  while (begun < before + streams.length) await new Promise(setImmediate);
  return streams;
}

/** Begins as many calls as may be open, which is 128 on each connection. */
function beginMost(path: string, settings?: Settings): Promise<ClientHttp2Stream[]> {
  const opened = Array.from({ length: 8 }, () => open(settings));
  return beginEach(
    opened.flatMap((session) => Array<ClientHttp2Session>(128).fill(session)),
    path,
  );
}

/** How a call ends. */
async function endOf(stream: ClientHttp2Stream): Promise<{ code: number; details: string }> {
  let last: IncomingHttpHeaders = {};
  for (const event of ['response', 'trailers'] as const)
    stream.on(event, (headers: IncomingHttpHeaders) => (last = headers));
  await once(stream, 'close');
  return { code: Number(last['grpc-status']), details: decodeURIComponent(String(last['grpc-message'] ?? '')) };
}

/** Asks once. */
function ask(path: string, message = EMPTY, headers?: Record<string, string>): Promise<{ code: number }> {
  const stream = begin(open(), path, headers);
  stream.end(message);
  return endOf(stream);
}

/** With it a client takes no message, by the flow control of HTTP/2. */
const NO_WINDOW: Settings = { initialWindowSize: 0 };

const TOO_MANY = { code: codes.RESOURCE_EXHAUSTED, details: 'Too many calls are open; try again later.' };

describe('calls other than inferences', () => {
  it('are answered at once while as many watch the health as may', async () => {
    await start();
    for (const watch of await beginMost(WATCH)) watch.end(EMPTY);
    expect(await endOf(begin(open(), WATCH))).toEqual(TOO_MANY);
    expect(await ask(CHECK)).toMatchObject({ code: codes.OK });
  });

  it('may begin again when others have ended', async () => {
    await start();
    const [first] = await beginMost(WATCH);
    expect(await endOf(begin(open(), WATCH))).toEqual(TOO_MANY);
    first?.destroy();
    await vi.waitFor(async () => {
      const watch = begin(open(), WATCH);
      const said = once(watch, 'data').then(() => 'SERVING');
      watch.end(EMPTY);
      expect(await Promise.race([said, endOf(watch)])).toBe('SERVING');
    });
  });

  it('give way to those whose message has come while many wait for theirs, the first one first', async () => {
    await start();
    const [first] = await beginMost(CHECK);
    const given = endOf(first ?? expect.fail());
    expect(await ask(CHECK)).toMatchObject({ code: codes.OK });
    expect(await given).toEqual(TOO_MANY);
    expect(await ask(CHECK)).toMatchObject({ code: codes.OK });
  });

  it('give way when they are answered, but their clients do not take the answer', async () => {
    await start();
    const unread = await beginMost(CHECK, NO_WINDOW);
    const answered = unread.map((stream) => once(stream, 'response'));
    for (const stream of unread) stream.end(EMPTY);
    await Promise.all(answered);
    const [first = expect.fail(), second = expect.fail()] = unread;
    const closed = once(first, 'close');
    expect(await ask(CHECK)).toMatchObject({ code: codes.OK });
    await closed;
    expect([first.rstCode, second.closed]).toEqual([constants.NGHTTP2_CANCEL, false]);
  });

  it('are all answered when more come at once than may be open', async () => {
    await start();
    const sessions = Array.from({ length: 16 }, () => open());
    await Promise.all(sessions.map((session) => once(session, 'remoteSettings')));
    const calls = sessions.flatMap((session) => Array.from({ length: 128 }, () => begin(session, CHECK).end(EMPTY)));
    const ends = await Promise.all(calls.map(endOf));
    expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([codes.OK]));
  });

  it('have a time in which their clients take the answer', async () => {
    await start();
    // What answers gRPC is loaded for the first connection.
    expect(await ask(CHECK)).toMatchObject({ code: codes.OK });
    // With the time that passes: refusing a call may take a few milliseconds.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const [unread = expect.fail()] = await beginEach([open(NO_WINDOW)], CHECK);
    const answered = once(unread, 'response');
    unread.end(EMPTY);
    await answered;
    const closed = once(unread, 'close');
    vi.advanceTimersByTime(10_000);
    await closed;
    expect(unread.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('have a time for their message, and watch as long as they like', async () => {
    await start();
    const session = open();
    // What answers gRPC is loaded for the first connection.
    expect(await ask(CHECK)).toMatchObject({ code: codes.OK });
    // With the time that passes: refusing a call may take a few milliseconds.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const [watch = expect.fail(), silent = expect.fail()] = await beginEach([session, session], WATCH);
    watch.end(EMPTY);
    await once(watch, 'data');
    const late = endOf(silent);
    vi.advanceTimersByTime(10_000);
    expect(await late).toEqual({
      code: codes.DEADLINE_EXCEEDED,
      details: 'The message did not arrive within 10000 ms.',
    });
    vi.advanceTimersByTime(60_000);
    // The end of the other would have come before.
    await beginEach([session], CHECK);
    expect(watch.closed).toBe(false);
  });

  it('that end by their own deadline are no failures of the service', async () => {
    await start();
    const watch = begin(open(), WATCH, { 'grpc-timeout': '200m' });
    watch.end(EMPTY);
    outcomes.length = 0;
    expect(await endOf(watch)).toMatchObject({ code: codes.DEADLINE_EXCEEDED });
    await expect.poll(() => outcomes).toEqual(['client_deadline 504']);
  });

  it('end when the service closes', async () => {
    await start();
    const watch = begin(open(), WATCH);
    watch.end(EMPTY);
    await once(watch, 'data');
    const [end] = await Promise.all([endOf(watch), listener?.close()]);
    expect(end).toEqual({ code: codes.UNAVAILABLE, details: 'The service is shutting down.' });
  });
});

describe('connections', () => {
  it('that only watch give way when there are too many, and those with an inference do not', async () => {
    const service = await start({ maxConnections: 2 }, { predict: () => new Promise(() => undefined) });
    const busy = open();
    const inference = begin(busy, INFER);
    await expect.poll(() => service.uploads.arriving).toBe(1);
    const watching = open();
    await beginEach([watching], WATCH);
    const closed = once(watching, 'close');
    // One that has been idle for a second gives way to the next one, which may then try again.
    await expect
      .poll(async () => {
        const { code } = await ask(CHECK).catch(() => ({ code: -1 }));
        return code;
      })
      .toBe(codes.OK);
    await closed;
    expect([busy.closed, inference.closed]).toEqual([false, false]);
    inference.destroy();
    await expect
      .poll(async () => {
        await ask(CHECK).catch(() => undefined);
        return busy.closed;
      })
      .toBe(true);
  });
});

describe('a compressed message', () => {
  const gzip = { 'grpc-encoding': 'gzip' };

  it.each([
    ['is damaged', Buffer.from('no gzip'), gzip, codes.INVALID_ARGUMENT, 'The message is not valid gzip.'],
    [
      'has something behind what is compressed',
      Buffer.concat([gzipSync(Buffer.alloc(9)), Buffer.alloc(9)]),
      gzip,
      codes.INVALID_ARGUMENT,
      'The message is not valid gzip.',
    ],
    [
      'is compressed in another way',
      Buffer.from('a'),
      { 'grpc-encoding': 'snappy' },
      codes.UNIMPLEMENTED,
      'Messages may be compressed by gzip or deflate only.',
    ],
  ])('that %s is refused with a sentence', async (_, bytes, headers, code, details) => {
    await start();
    expect(await ask(INFER, messageOf(bytes, true), headers)).toEqual({ code, details });
  });

  it('counts into the memory for bodies by what it grows to', async () => {
    await start({}, { maxBodyBytes: 100_000 });
    const bytes = gzipSync(Buffer.alloc(500_000));
    expect(await ask(INFER, messageOf(bytes, true), gzip)).toMatchObject({
      code: codes.RESOURCE_EXHAUSTED,
      details: 'The memory for request bodies is used up; try again later.',
    });
  });
});

it('an answer that cannot be written is an internal error of its call alone', async () => {
  await start({}, { predict: () => Promise.resolve([{ label: 'yes' } as Answer]) });
  const inputs = ['image', 'text'].map((name) => {
    return { name, datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from('a')] } };
  });
  const message = SERVICE['ModelInfer']?.requestSerialize({ inputs }) ?? expect.fail();
  expect(await ask(INFER, messageOf(message))).toMatchObject({ code: codes.INTERNAL });
  expect(await ask(CHECK)).toMatchObject({ code: codes.OK });
});
