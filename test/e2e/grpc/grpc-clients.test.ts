import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { createRequire } from 'node:module';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, status as codes, type Client, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { afterEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { metric, until, uploads } from '../client.ts';
import { grpcClients, inferRequest } from './grpc-client.ts';
import type { TestService } from '../service.ts';
import { stubServices } from '../stub-service.ts';

const stub = stubServices();
const connect = grpcClients();
const sessions: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

const INFER = '/inference.GRPCInferenceService/ModelInfer';

type Constructor = new (
  address: string,
  creds: ReturnType<typeof credentials.createInsecure>,
) => Client & Record<string, (...args: unknown[]) => unknown>;

/** A client of another service on the same port. */
function otherClient({ grpcPort }: TestService, proto: string, path: readonly string[]): InstanceType<Constructor> {
  let found: unknown = loadPackageDefinition(loadSync(proto, { enums: String, keepCase: true }));
  for (const name of path) found = (found as Record<string, unknown>)[name];
  return new (found as Constructor)(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
}

function healthOf(live: TestService): {
  check: (service: string) => Promise<string>;
  client: InstanceType<Constructor>;
} {
  const client = otherClient(live, healthProto, ['grpc', 'health', 'v1', 'Health']);
  const check = (service: string): Promise<string> =>
    new Promise((resolve) => {
      client['Check']?.({ service }, (error: ServiceError | null, response?: { status: string }) => {
        resolve(error === null ? (response?.status ?? '') : String(error.code));
      });
    });
  return { check, client };
}

describe('health checking', () => {
  it('says whether the service is ready, and NOT_SERVING while it drains', async () => {
    const live = await stub.start({}, { DRAIN_DELAY_MS: 1500 });
    const { check, client } = healthOf(live);
    expect([await check(''), await check('inference.GRPCInferenceService')]).toEqual(['SERVING', 'SERVING']);
    expect(await check('other')).toBe(String(codes.NOT_FOUND));
    const watched: string[] = [];
    const watching = client['Watch']?.({ service: '' }) as NodeJS.EventEmitter;
    watching.on('data', ({ status }: { status: string }) => watched.push(status));
    watching.on('error', () => undefined);
    await until('the first status has come', () => watched.length === 1);
    const { infer, call } = connect(live);
    const stopping = live.stop();
    await until('it is told', () => watched.includes('NOT_SERVING'));
    expect(await check('')).toBe('NOT_SERVING');
    expect((await call('ServerReady', {}).answer).response).toEqual({ ready: false });
    // It still serves.
    expect((await infer(await inferRequest(['a'])).answer).code).toBe(codes.OK);
    await stopping;
    await expect(live.finished).resolves.toBe(0);
    client.close();
  });

  it('tells those who watch of a lost engine and of its replacement, each once', async () => {
    const live = await stub.start({});
    const { client } = healthOf(live);
    const watched: string[] = [];
    const watching = client['Watch']?.({ service: '' }) as NodeJS.EventEmitter;
    watching.on('data', ({ status }: { status: string }) => watched.push(status));
    watching.on('error', () => undefined);
    await until('the first status has come', () => watched.length === 1);
    live.model.pool.engines[0]?.supervisor.replace('gpu-error', 'as told');
    await live.model.pool.whenReady();
    await until('it is told', () => watched.length >= 3);
    expect(watched).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    client.close();
  });
});

describe('the first connections', () => {
  it('are all served, whatever becomes of the very first one, while gRPC is being loaded', async () => {
    const live = await stub.start({});
    const reset = connectSocket(live.grpcPort ?? 0, '127.0.0.1');
    await once(reset, 'connect');
    reset.resetAndDestroy();
    const answers = Array.from({ length: 20 }, () => connect(live).call('ServerLive', {}).answer);
    expect((await Promise.all(answers)).map(({ code }) => code)).toEqual(answers.map(() => codes.OK));
  });
});

describe('reflection', () => {
  it.each(['v1', 'v1alpha'])('names the services and describes their messages (%s)', async (version) => {
    const live = await stub.start({});
    const proto = join(
      createRequire(import.meta.url).resolve('@grpc/reflection'),
      `../../proto/grpc/reflection/${version}/reflection.proto`,
    );
    const client = otherClient(live, proto, ['grpc', 'reflection', version, 'ServerReflection']);
    const stream = client['ServerReflectionInfo']?.() as NodeJS.ReadWriteStream & { write(message: object): void };
    const answers: { file_descriptor_response?: { file_descriptor_proto?: Buffer[] } }[] = [];
    stream.on('data', (answer: (typeof answers)[number]) => answers.push(answer));
    stream.write({ list_services: '' });
    stream.write({ file_containing_symbol: 'inference.ModelInferRequest' });
    await until('both are answered', () => answers.length === 2);
    stream.end();
    client.close();
    const answered = JSON.stringify(answers);
    for (const name of ['inference.GRPCInferenceService', 'grpc.health.v1.Health']) expect(answered).toContain(name);
    const [bytes] = answers[1]?.file_descriptor_response?.file_descriptor_proto ?? [];
    const file = descriptor.FileDescriptorProto.decode(bytes ?? Buffer.alloc(0)) as descriptor.IFileDescriptorProto;
    const infer = file.messageType?.find(({ name }) => name === 'ModelInferRequest');
    // Programs in Go refuse a map whose entries have any other name.
    expect(infer?.field?.find(({ name }) => name === 'parameters')?.typeName).toBe('ParametersEntry');
    const entries = infer?.nestedType?.filter(({ options }) => options?.mapEntry === true);
    expect(entries?.map(({ name }) => name)).toEqual(['ParametersEntry']);
  });
});

describe('API keys', () => {
  const withKey = (): ReturnType<typeof stub.start> => {
    const file = join(tempFolder(), 'keys');
    writeFileSync(file, `${createHash('sha256').update('secret').digest('hex')} team-a\n`);
    return stub.start({}, { API_KEYS_FILE: file });
  };

  it('are required of inferences, as metadata', async () => {
    const live = await withKey();
    const { infer, call } = connect(live);
    const request = await inferRequest(['a']);
    const codeWith = async (metadata: Record<string, string>): Promise<number> =>
      (await infer(request, { metadata }).answer).code;
    expect(await codeWith({})).toBe(codes.UNAUTHENTICATED);
    expect(await codeWith({ 'x-api-key': 'wrong' })).toBe(codes.UNAUTHENTICATED);
    expect(await codeWith({ 'x-api-key': 'secret' })).toBe(codes.OK);
    expect(await codeWith({ authorization: 'Bearer secret' })).toBe(codes.OK);
    expect((await call('ModelReady', {}).answer).code).toBe(codes.OK);
  });

  it('are required where REST requires them', async () => {
    const live = await withKey();
    const { call } = connect(live);
    const name = 'mini-none';
    for (const [method, path, init] of [
      ['RepositoryIndex', 'repository/index', { method: 'POST' }],
      ['ModelConfig', `models/${name}/config`],
      ['ModelStatistics', `models/${name}/stats`],
      ['ModelMetadata', `models/${name}`],
      ['ServerMetadata', ''],
      ['ServerReady', 'health/ready'],
    ] as const) {
      const needsKey = (await fetch(`${live.url}/v2/${path}`, init)).status === 401;
      const { code } = await call(method, { name }).answer;
      expect([method, code]).toEqual([method, needsKey ? codes.UNAUTHENTICATED : codes.OK]);
      expect((await call(method, { name }, { metadata: { 'x-api-key': 'secret' } }).answer).code).toBe(codes.OK);
    }
  });
});

describe('shutting down', () => {
  it('answers UNAVAILABLE to the calls still open near SHUTDOWN_TIMEOUT_MS, and ends', async () => {
    const live = await stub.start({ runMs: 20_000 }, { SHUTDOWN_TIMEOUT_MS: 2500, ENGINE_TIMEOUT_MS: 60_000 });
    const open = connect(live).infer(await inferRequest(['a']));
    await until('it is in the engine', () => live.model.batcher.inFlight === 1);
    const before = performance.now();
    await live.stop();
    expect(performance.now() - before).toBeLessThan(4000);
    const { code, details } = await open.answer;
    expect([code, details]).toEqual([codes.UNAVAILABLE, 'The service is shutting down.']);
  });
});

/** Opens an inference and sends the beginning of its message. */
function stall(session: ClientHttp2Session): Promise<Record<string, unknown>> {
  const stream = session.request({
    ':method': 'POST',
    ':path': INFER,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined);
  stream.write(Buffer.from([0, 0, 0, 0xc3, 0x50, 1, 2, 3]));
  return new Promise((resolve) => {
    stream.on('response', resolve);
    stream.on('close', () => {
      resolve({});
    });
  });
}

describe('clients that send their messages slowly', () => {
  it('take no slot from 50 others, and are refused below the least rate', async () => {
    const live = await stub.start({});
    const slow = Array.from({ length: 10 }, () => {
      const session = connectHttp2(`http://127.0.0.1:${live.grpcPort}`);
      session.on('error', () => undefined);
      sessions.push(session);
      return Array.from({ length: 20 }, () => stall(session));
    }).flat();
    await until('200 are sending', async () => (await uploads(live)) === 200);
    expect(await metric(live.adminUrl, 'ofa_ve_queue_items')).toBe(0);
    const request = await inferRequest(['a']);
    const { infer } = connect(live);
    const honest = await Promise.all(Array.from({ length: 50 }, () => infer(request).answer));
    expect(honest.map(({ code }) => code)).toEqual(Array(50).fill(codes.OK));
    for (const headers of await Promise.all(slow)) {
      expect(headers['grpc-status']).toBe(String(codes.DEADLINE_EXCEEDED));
    }
    expect(await uploads(live)).toBe(0);
    expect(await metric(live.adminUrl, `ofa_ve_requests_total{route="${INFER}",status="408",outcome="refused"}`)).toBe(
      200,
    );
  });
});
