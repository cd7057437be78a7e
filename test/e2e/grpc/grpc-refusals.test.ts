import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { status as codes, type Client, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { metric, until } from '../client.ts';
import { grpcClients, inferRequest } from './grpc-client.ts';
import { refuseStreams } from './raw-streams.ts';
import { MARKED, stubServices } from '../stub-service.ts';

const stub = stubServices();
const connect = grpcClients();

const INFER = '/inference.GRPCInferenceService/ModelInfer';

describe('a call to a method that does not exist', () => {
  const call = (client: Client, path: string): Promise<ServiceError | null> =>
    new Promise((resolve) => {
      client.makeUnaryRequest(
        path,
        () => Buffer.alloc(100_000),
        () => ({}),
        {},
        (error) => {
          resolve(error);
        },
      );
    });

  it('gets UNIMPLEMENTED, and is counted under one label for all of them', async () => {
    const live = await stub.start({});
    const { client, infer } = connect(live);
    const paths = ['/inference.GRPCInferenceService/ModelLoad', '/a.b.C/D', `/${'x'.repeat(1000)}`];
    for (const path of paths) {
      const error = await call(client, path);
      expect([error?.code, error?.details]).toEqual([codes.UNIMPLEMENTED, 'The service has no such method.']);
    }
    const unmatched = 'ofa_ve_requests_total{route="unmatched",status="404",outcome="refused"}';
    expect(await metric(live.adminUrl, unmatched)).toBe(paths.length);
    const metrics = await (await fetch(`${live.adminUrl}/metrics`)).text();
    expect(metrics).not.toMatch(/ModelLoad|a\.b\.C|xxx|_OTHER/);
    // The connection still serves.
    expect((await infer(await inferRequest(['a'])).answer).code).toBe(codes.OK);
  });
});

describe('more calls than may be open beside inferences', () => {
  const watch = (session: ClientHttp2Session) =>
    session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Watch',
      'content-type': 'application/grpc',
      te: 'trailers',
    });

  it('are refused with a sentence about calls, and inferences are not', async () => {
    const live = await stub.start({});
    const sessions = Array.from({ length: 8 }, () => connectHttp2(`http://127.0.0.1:${live.grpcPort}`));
    const extra = connectHttp2(`http://127.0.0.1:${live.grpcPort}`);
    try {
      // Until a client has the server's settings, it keeps the last streams back.
      await Promise.all(sessions.map((session) => once(session, 'remoteSettings')));
      // 128 on each connection. They have yet to send the message that says what they watch.
      for (const session of sessions)
        for (let opened = 0; opened < 128; opened++) watch(session).on('error', () => undefined);
      // Answers come in order: one to a ping says that the streams before it have arrived.
      await Promise.all(
        sessions.map(
          (session) =>
            new Promise<void>((resolve) =>
              session.ping(() => {
                resolve();
              }),
            ),
        ),
      );
      const [headers] = (await once(watch(extra), 'response')) as [Record<string, unknown>];
      expect(Number(headers['grpc-status'])).toBe(codes.RESOURCE_EXHAUSTED);
      expect(decodeURIComponent(String(headers['grpc-message']))).toBe('Too many calls are open; try again later.');
      expect(await metric(live.adminUrl, 'ofa_ve_rejected_total{reason="calls_full"}')).toBe(1);
      expect((await connect(live).infer(await inferRequest(['a'])).answer).code).toBe(codes.OK);
    } finally {
      for (const session of [...sessions, extra]) session.destroy();
    }
  });
});

describe('a full queue', () => {
  it('refuses with RESOURCE_EXHAUSTED and retry-after', async () => {
    const live = await stub.start({ runMs: 1000 }, { MAX_QUEUE: 1 });
    const { infer } = connect(live);
    const request = await inferRequest(['a']);
    const first = infer(request);
    await until('it is in the engine', () => live.model.batcher.inFlight === 1);
    const { code, details, trailers } = await infer(request).answer;
    expect([code, details]).toEqual([codes.RESOURCE_EXHAUSTED, 'The queue is full; try again later.']);
    expect(Number(trailers['retry-after'])).toBeGreaterThan(0);
    expect(trailers['problem']).toBe('overloaded');
    expect((await first.answer).code).toBe(codes.OK);
    expect(
      await metric(live.adminUrl, `ofa_ve_requests_total{route="${INFER}",status="429",outcome="overloaded"}`),
    ).toBe(1);
    expect(await metric(live.adminUrl, 'ofa_ve_rejected_total{reason="queue_full"}')).toBe(1);
  });

  it('is known from the metadata: the status comes before the message, and the stream ends', async () => {
    const live = await stub.start({ runMs: 3000 }, { MAX_QUEUE: 1 });
    const { infer } = connect(live);
    const first = infer(await inferRequest(['a']));
    await until('it is in the engine', () => live.model.batcher.inFlight === 1);
    const session = connectHttp2(`http://127.0.0.1:${live.grpcPort}`);
    try {
      const stream = session.request({
        ':method': 'POST',
        ':path': INFER,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      // Nothing but the headers: no byte of a message, and no end of it.
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      expect(Number(headers['grpc-status'])).toBe(codes.RESOURCE_EXHAUSTED);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      stream.resume();
      await once(stream, 'close');
      expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
      // The run took longer than the refusal.
      expect(live.model.batcher.inFlight).toBe(1);
    } finally {
      session.destroy();
    }
    expect((await first.answer).code).toBe(codes.OK);
  });
});

// Node.js 26 cannot send the end of a stream together with an answer; there, refusals wait a moment for the message.
describe.skipIf(Number.parseInt(process.versions.node) >= 26)('a client whose calls fill its connection', () => {
  it('may give up the message of each refused call for the next call', async () => {
    const live = await stub.start({ runMs: 3000 }, { MAX_QUEUE: 1 });
    const first = connect(live).infer(await inferRequest(['a']));
    await until('it is in the engine', () => live.model.batcher.inFlight === 1);
    expect(await refuseStreams(Number(live.grpcPort), { atOnce: 128, total: 1000 })).toEqual({
      refused: 1000,
      goaways: 0,
    });
    expect((await first.answer).code).toBe(codes.OK);
  });
});

describe('the retry policy of a client', () => {
  const policy = { maxAttempts: 4, initialBackoff: '0.01s', maxBackoff: '0.01s', backoffMultiplier: 1 };
  const retrying = {
    'grpc.service_config': JSON.stringify({
      methodConfig: [
        { name: [{}], retryPolicy: { ...policy, retryableStatusCodes: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'] } },
      ],
    }),
  };

  it('waits as long as the service says, and is then answered', async () => {
    const live = await stub.start({ runMs: 1000 }, { MAX_QUEUE: 1 });
    const { infer } = connect(live, retrying);
    const first = infer(await inferRequest(['a']));
    await until('it is in the engine', () => live.model.batcher.inFlight === 1);
    // By its own pace it would give up after a few hundredths of a second.
    expect((await infer(await inferRequest(['b'])).answer).code).toBe(codes.OK);
    expect((await first.answer).code).toBe(codes.OK);
  });

  it('does not repeat what keeps failing', async () => {
    const live = await stub.start({ error: MARKED.token });
    const { code, trailers } = await connect(live, retrying).infer(await inferRequest([MARKED.text])).answer;
    expect([code, trailers['retry-after']]).toEqual([codes.UNAVAILABLE, undefined]);
    const failed = `ofa_ve_requests_total{route="${INFER}",status="503",outcome="failed"}`;
    expect(await metric(live.adminUrl, failed)).toBe(1);
  });
});
