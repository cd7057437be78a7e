import { status as codes } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { grpcClients, inferRequest } from './grpc-client.ts';
import { stubServices } from '../stub-service.ts';

const stub = stubServices();
const connect = grpcClients();

/** Triton's numbers of the datatypes. */
const DATA_TYPES: ReadonlyMap<unknown, string> = new Map([
  [9, 'TYPE_INT64'],
  [11, 'TYPE_FP32'],
  [13, 'TYPE_STRING'],
]);

/** A response as JSON has it: whole numbers of 64 bits are objects of a library, and datatypes numbers. */
function plain(response: unknown): unknown {
  return JSON.parse(JSON.stringify(response), (key, value: unknown) => {
    if (key === 'data_type') return DATA_TYPES.get(value);
    const { low, high } = Object(value) as { low?: number; high?: number };
    return low === undefined || high === undefined ? value : high * 2 ** 32 + (low >>> 0);
  });
}

describe('the calls beside ModelInfer', () => {
  it('say what REST says', async () => {
    const live = await stub.start({});
    const { call } = connect(live);
    expect((await call('ServerLive', {}).answer).response).toEqual({ live: true });
    expect((await call('ServerReady', {}).answer).response).toEqual({ ready: true });
    expect((await call('ModelReady', { name: 'mini-none' }).answer).response).toEqual({ ready: true });
    const server = (await call<{ name: string }>('ServerMetadata', {}).answer).response;
    expect(server).toMatchObject({ name: 'ofa-ve' });
    const rest = (await (await fetch(`${live.url}/v2/models/mini-none`)).json()) as object;
    const { response } = await call('ModelMetadata', { name: 'mini-none' }).answer;
    expect(plain(response)).toEqual(rest);
  });

  it('say what REST says about configuration, statistics and the repository', async () => {
    const live = await stub.start({});
    const { call, infer } = connect(live);
    expect((await infer(await inferRequest(['a', 'b'])).answer).code).toBe(codes.OK);
    expect((await call('ServerMetadata', {}).answer).response).toMatchObject({
      extensions: ['model_configuration', 'statistics'],
    });
    const rest = async (path: string, init?: RequestInit): Promise<unknown> =>
      (await fetch(`${live.url}/v2/${path}`, init)).json();
    const grpc = async (method: string, request: object): Promise<unknown> =>
      plain((await call(method, request).answer).response);
    const name = 'mini-none';
    expect(await grpc('ModelConfig', { name })).toEqual({ config: await rest(`models/${name}/config`) });
    const statistics = await rest('models/stats');
    expect(statistics).toMatchObject({
      model_stats: [{ inference_count: 2, inference_stats: { success: { count: 1 } } }],
    });
    expect(await grpc('ModelStatistics', { name, version: '1' })).toEqual(statistics);
    expect(await grpc('ModelStatistics', {})).toEqual(statistics);
    expect(await grpc('RepositoryIndex', {})).toEqual({ models: await rest('repository/index', { method: 'POST' }) });
  });

  it('leave a model that is not ready out of the index if they are asked to', async () => {
    const live = await stub.start({ start: 'hang' }, {}, { wait: false });
    const { call } = connect(live);
    const index = async (ready: boolean): Promise<unknown> =>
      (await call('RepositoryIndex', { ready }).answer).response;
    expect(await index(false)).toMatchObject({ models: [{ name: 'mini-none', version: '1', state: 'LOADING' }] });
    expect(await index(true)).toEqual({});
    expect((await call('ModelReady', { name: 'mini-none' }).answer).response).toEqual({ ready: false });
  });

  it('say of a model that is not served that it is not ready', async () => {
    const { call } = connect(await stub.start({}));
    for (const request of [{ name: 'other' }, { name: 'mini-none', version: '7' }]) {
      expect(await call('ModelReady', request).answer).toMatchObject({ code: codes.OK, response: { ready: false } });
    }
  });

  it('refuse messages that are too large or compressed', async () => {
    const { call } = connect(await stub.start({}));
    const large = await call('ModelReady', { name: 'x'.repeat(100_000) }).answer;
    expect([large.code, large.trailers['problem']]).toEqual([codes.RESOURCE_EXHAUSTED, 'body-too-large']);
  });
});
