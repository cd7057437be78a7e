import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MIB } from '../../../model/bytes.ts';
import { logInMemory } from '../../../testing/logging.ts';
import { metric, until, uploads } from '../client.ts';
import type { TestService } from '../service.ts';
import { stubServices } from '../stub-service.ts';
import { PREFACE } from './raw-streams.ts';

const stub = stubServices();

const INFER = '/inference.GRPCInferenceService/ModelInfer';
/** Far less than a body's time of 30 s. */
const SOON_MS = 15_000;

interface Call {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
}

const opened: (ClientHttp2Session | Socket)[] = [];
afterEach(() => {
  for (const session of opened.splice(0)) session.destroy();
});

/** Begins a call with all of a message but its last byte. */
function begin({ grpcPort }: TestService, length: number): Call {
  const session = connect(`http://127.0.0.1:${grpcPort}`);
  opened.push(session);
  const headers = { ':method': 'POST', ':path': INFER, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  for (const each of [stream, session]) each.on('error', () => undefined);
  const bytes = Buffer.alloc(5 + length - 1);
  bytes.writeUInt32BE(length, 1);
  stream.resume().write(bytes);
  return { session, stream };
}

async function isCounted({ adminUrl }: TestService, labels: string): Promise<boolean> {
  return (await metric(adminUrl, `ofa_ve_requests_total{route="${INFER}",${labels}}`)) === 1;
}

async function expectRoomSoon(live: TestService): Promise<void> {
  const startMs = performance.now();
  await until('no message arrives any more', async () => (await uploads(live)) === 0);
  expect(performance.now() - startMs).toBeLessThan(SOON_MS);
}

describe('a call whose message does not become complete frees the room for it', () => {
  it.each<[string, string, (call: Call) => void]>([
    ['its client resets it', 'status="499",outcome="abandoned"', ({ stream }) => stream.destroy()],
    [
      'its client disconnects',
      'status="499",outcome="abandoned"',
      ({ session }) => {
        session.destroy();
      },
    ],
    ['its client ends its side', 'status="400",outcome="refused"', ({ stream }) => stream.end()],
  ])('when %s', async (_, labels, end) => {
    const { logger, lines } = logInMemory();
    const live = await stub.start({}, {}, { logger });
    const call = begin(live, MIB);
    await until('it arrives', async () => (await uploads(live)) === 1);
    end(call);
    await expectRoomSoon(live);
    await until('it is counted', () => isCounted(live, labels));
    // The service was not.
    expect(lines().filter(({ problem }) => problem === 'unavailable')).toEqual([]);
  });

  it('when its client cancels as Node.js does, which ends its side first', async () => {
    const live = await stub.start({});
    const { stream } = begin(live, MIB);
    await until('it arrives', async () => (await uploads(live)) === 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await expectRoomSoon(live);
  });

  it('when it is refused for its size', async () => {
    const live = await stub.start({}, { MAX_BODY_MB: 1 });
    begin(live, 2 * MIB);
    await until('it is counted', () => isCounted(live, 'status="413",outcome="refused"'));
    await expectRoomSoon(live);
  });
});

describe('a service that stops does not wait for a client that keeps its side of a connection open', () => {
  it.each([
    ['has asked nothing', PREFACE],
    ['has sent nothing', Buffer.alloc(0)],
  ])('and %s', async (_, bytes) => {
    const live = await stub.start({});
    const socket = connectSocket({ port: live.grpcPort ?? 0, host: '127.0.0.1', allowHalfOpen: true });
    opened.push(socket);
    await once(socket, 'connect');
    if (bytes.length > 0) {
      socket.write(bytes);
      // The server's settings.
      await once(socket, 'data');
    } else socket.resume();
    const ended = once(socket, 'end');
    const startMs = performance.now();
    await Promise.all([live.stop(), ended]);
    expect(performance.now() - startMs).toBeLessThan(SOON_MS);
  });
});
