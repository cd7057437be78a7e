import { status as codes } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { metric, predictBody, send, until } from '../client.ts';
import { grpcClients, inferRequest, rawInferRequest, type InferResponse } from './grpc-client.ts';
import type { TestService } from '../service.ts';
import { MARKED, stubServices } from '../stub-service.ts';

const stub = stubServices();
const connect = grpcClients();

const INFER = '/inference.GRPCInferenceService/ModelInfer';

function requests({ adminUrl }: TestService, labels: string): Promise<number> {
  return metric(adminUrl, `ofa_ve_requests_total{route="${INFER}",${labels}}`);
}

/** The outputs of a REST answer as gRPC types them. */
async function restOutputs({ url }: TestService, texts: readonly string[]): Promise<Map<string, unknown[]>> {
  const { image } = JSON.parse(await predictBody('a')) as { image: string };
  const tensor = (name: string, data: readonly string[]) => ({ name, datatype: 'BYTES', shape: [data.length], data });
  const body = JSON.stringify({ inputs: [tensor('image', [image]), tensor('text', texts)] });
  const { status, body: text } = await send(`${url}/v2/models/mini-none/infer`, body).outcome;
  expect(status).toBe(200);
  const { outputs } = JSON.parse(text) as { outputs: { name: string; data: unknown[] }[] };
  return new Map(outputs.map(({ name, data }) => [name, data]));
}

function typedOutputs(response: InferResponse | undefined): Map<string, unknown[]> {
  return new Map(
    response?.outputs.map(({ name, contents = {} }) => {
      const [values = []] = Object.values(contents);
      return [name, values.map((value) => (value instanceof Buffer ? value.toString() : Number(value)))];
    }),
  );
}

describe('an inference', () => {
  const texts = ['a red circle', 'there is a dog', 'a'];

  it('is answered as over REST, typed inputs with typed outputs', async () => {
    const live = await stub.start({});
    const request = { ...(await inferRequest(texts)), id: 'mine' };
    const metadata = { 'x-request-id': 'am9iLTE_=' };
    const { code, response, trailers } = await connect(live).infer(request, { metadata }).answer;
    expect(code).toBe(codes.OK);
    expect(trailers).toMatchObject(metadata);
    expect(response).toMatchObject({ model_name: 'mini-none', id: 'mine' });
    const rest = await restOutputs(live, texts);
    const typed = typedOutputs(response);
    expect([...typed.keys()]).toEqual([...rest.keys()]);
    for (const [name, values] of rest) {
      const floats = values.map((value) => (typeof value === 'number' ? Math.fround(value) : value));
      expect(typed.get(name), name).toEqual(floats);
    }
    expect(await requests(live, 'status="200",outcome="answered"')).toBe(1);
  });

  it('is answered raw if its inputs are raw, unless it asks for the other', async () => {
    const { infer } = connect(await stub.start({}));
    const raw = await infer(await rawInferRequest(texts)).answer;
    expect(raw.response?.raw_output_contents.map(({ length }) => length)).toEqual([3 * 4 + 15, 24, 12, 36]);
    const result = raw.response?.raw_output_contents[1] ?? Buffer.alloc(0);
    const typed = await infer({
      ...(await rawInferRequest(texts)),
      parameters: { binary_data_output: { bool_param: false } },
    }).answer;
    expect(typedOutputs(typed.response).get('result')).toEqual(
      [0, 8, 16].map((at) => Number(result.readBigInt64LE(at))),
    );
    const asked = await infer({
      ...(await inferRequest(texts)),
      outputs: [{ name: 'result' }],
      parameters: { binary_data_output: { bool_param: true } },
    }).answer;
    expect(asked.response?.raw_output_contents).toEqual([result]);
  });

  it('is refused if it asks for an extension, and may have hints', async () => {
    const { infer } = connect(await stub.start({}));
    const request = (await inferRequest(texts)) as { inputs: object[] };
    const region = { shared_memory_region: { string_param: 'a' } };
    const classes = (int64_param: number): object => [
      { name: 'label', parameters: { classification: { int64_param }, mine: { string_param: 'a' } } },
    ];
    const hints = { sequence_id: { int64_param: 1 }, priority: { uint64_param: 1 }, mine: { double_param: 1 } };
    expect((await infer({ ...request, outputs: classes(0), parameters: hints }).answer).code).toBe(codes.OK);
    for (const [field, more] of [
      ['outputs[0].parameters.classification', { outputs: classes(2) }],
      ['outputs[0].parameters.shared_memory_region', { outputs: [{ name: 'label', parameters: region }] }],
      [
        'inputs[0].parameters.shared_memory_region',
        { inputs: request.inputs.map((input) => ({ ...input, parameters: region })) },
      ],
    ] as const) {
      const { code, details } = await infer({ ...request, ...more }).answer;
      expect(code).toBe(codes.INVALID_ARGUMENT);
      expect(details).toContain(`The field "${field}" is not supported`);
    }
  });

  it.each(['gzip', 'deflate'] as const)('may be compressed by %s', async (compress) => {
    const live = await stub.start({}, { MAX_BODY_MB: 1 });
    const { infer } = connect(live);
    const { code } = await infer(await inferRequest(['a '.repeat(1000)]), { compress }).answer;
    expect(code).toBe(codes.OK);
    const bomb = await infer({ ...(await inferRequest(['a'])), raw_input_contents: [Buffer.alloc(4e6)] }, { compress })
      .answer;
    expect([bomb.code, bomb.details]).toEqual([codes.RESOURCE_EXHAUSTED, 'The message must not be larger than 1 MiB.']);
  });

  it('takes base64 of a large image, which is decoded in a worker', async () => {
    const { infer } = connect(await stub.start({}));
    const base64 = Buffer.from(Buffer.alloc(300_000, 'GIF89a').toString('base64'));
    const image = { name: 'image', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [base64] } };
    const text = { ...image, name: 'text', contents: { bytes_contents: [Buffer.from('a')] } };
    const { code, trailers } = await infer({ inputs: [image, text] }).answer;
    expect([code, trailers['problem']]).toEqual([codes.INVALID_ARGUMENT, 'undecodable-image']);
  });
});

describe('a request that is wrong', () => {
  it.each([
    [{}, codes.INVALID_ARGUMENT, 'invalid-field', 'The field "inputs" must hold an input.'],
    [
      { inputs: [{ name: 'image', datatype: 'BYTES', shape: [1] }] },
      codes.INVALID_ARGUMENT,
      'invalid-field',
      'The input "image" must have its elements either in "contents.bytes_contents" or in "raw_input_contents".',
    ],
    [
      { inputs: [{ name: 'image', datatype: 'FP32', shape: [1] }] },
      codes.INVALID_ARGUMENT,
      'invalid-field',
      'The field "inputs[0].datatype" must be BYTES.',
    ],
    [
      {
        inputs: [{ name: 'image', datatype: 'BYTES', shape: [2] }],
        raw_input_contents: [Buffer.from([1, 0, 0, 0, 1])],
      },
      codes.INVALID_ARGUMENT,
      'invalid-field',
      'The input "image" has 1 element but its shape says 2.',
    ],
  ])('is refused with one sentence (%j)', async (request, code, problem, details) => {
    const live = await stub.start({});
    const answer = await connect(live).infer(request).answer;
    expect([answer.code, answer.trailers['problem'], answer.details]).toEqual([code, problem, details]);
    expect(await requests(live, 'status="400",outcome="refused"')).toBe(1);
  });

  it('gets NOT_FOUND for another model or version', async () => {
    const { call, infer } = connect(await stub.start({}));
    for (const answer of [
      await infer({ ...(await inferRequest(['a'])), model_name: 'other' }).answer,
      await call('ModelMetadata', { name: 'mini-none', version: '7' }).answer,
      await call('ModelConfig', { name: 'other' }).answer,
      await call('ModelStatistics', { name: 'mini-none', version: '7' }).answer,
    ]) {
      expect(answer.code).toBe(codes.NOT_FOUND);
      expect(answer.details).toMatch(/^There is no such (model|version); this service has /);
    }
  });

  it('gets RESOURCE_EXHAUSTED for a message above MAX_BODY_MB', async () => {
    const live = await stub.start({}, { MAX_BODY_MB: 1 });
    const { infer } = connect(live);
    const { code, details } = await infer({ raw_input_contents: [Buffer.alloc(1.1e6)] }).answer;
    expect([code, details]).toEqual([codes.RESOURCE_EXHAUSTED, 'The message must not be larger than 1 MiB.']);
    expect(await requests(live, 'status="413",outcome="refused"')).toBe(1);
  });

  it('gets INVALID_ARGUMENT for what is no message', async () => {
    const live = await stub.start({});
    const { client } = connect(live);
    const details = await new Promise((resolve) => {
      const bytes = Buffer.from([0x2a, 0x7f, 0x01]);
      client.makeUnaryRequest(
        INFER,
        () => bytes,
        () => ({}),
        {},
        (error) => {
          resolve([error?.code, error?.details]);
        },
      );
    });
    expect(details).toEqual([codes.INVALID_ARGUMENT, 'The message is not valid in Protocol Buffers.']);
  });
});

describe('a deadline', () => {
  it('of the client ends the work and is no failure of the service', async () => {
    const live = await stub.start({ runMs: 3000 });
    const { code } = await connect(live).infer(await inferRequest(['a']), { deadlineMs: 500 }).answer;
    expect(code).toBe(codes.DEADLINE_EXCEEDED);
    await until('it is counted', async () => (await requests(live, 'status="504",outcome="client_deadline"')) === 1);
    expect(await metric(live.adminUrl, 'ofa_ve_queue_items')).toBe(0);
  });

  it('may be weeks away', async () => {
    const live = await stub.start({ runMs: 300 });
    const { code } = await connect(live).infer(await inferRequest(['a']), { deadlineMs: 30 * 86_400_000 }).answer;
    expect(code).toBe(codes.OK);
  });

  it('of the service is DEADLINE_EXCEEDED', async () => {
    const live = await stub.start({ runMs: 3000 }, { REQUEST_TIMEOUT_MS: 500 });
    const { code, details } = await connect(live).infer(await inferRequest(['a']), { deadlineMs: 60_000 }).answer;
    expect([code, details]).toEqual([codes.DEADLINE_EXCEEDED, 'The request was not answered before its deadline.']);
    expect(await requests(live, 'status="504",outcome="failed"')).toBe(1);
  });
});

describe('a client that cancels', () => {
  it('frees its slot, and its work is not done', async () => {
    const live = await stub.start({ runMs: 500 }, { MAX_BATCH: 1 });
    const { infer } = connect(live);
    const request = await inferRequest(['a']);
    const running = infer(request);
    await until('one is in the engine', () => live.model.batcher.inFlight === 1);
    const queued = infer(request);
    await until('one waits', () => live.model.batcher.waiting === 1);
    queued.cancel();
    expect((await queued.answer).code).toBe(codes.CANCELLED);
    await until('it waits no more', () => live.model.batcher.waiting === 0);
    expect((await running.answer).code).toBe(codes.OK);
    await until('it is counted', async () => (await requests(live, 'status="499",outcome="abandoned"')) === 1);
    expect(await metric(live.adminUrl, 'ofa_ve_batch_size_count')).toBe(1);
  });
});

describe('an engine that fails on an item', () => {
  it('is UNAVAILABLE', async () => {
    const live = await stub.start({ runMs: 30, poison: MARKED.token }, { MAX_BATCH: 1 });
    const { code, trailers } = await connect(live).infer(await inferRequest([MARKED.text])).answer;
    expect([code, trailers['problem']]).toEqual([codes.UNAVAILABLE, 'unavailable']);
  });
});

describe('GRPC_PORT off', () => {
  it('serves no gRPC', async () => {
    const live = await stub.start({}, { GRPC_PORT: 'off' });
    expect(live.grpcPort).toBeUndefined();
    expect((await send(`${live.url}/predict`, await predictBody('a')).outcome).status).toBe(200);
  });
});
