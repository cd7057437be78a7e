import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toAnswer } from '../../../../service/inference/answer.ts';
import { expectProblem, fakeService, type FakeService } from '../fake-service.ts';

/**
 * A recorded request of Triton's Python client: an image file (beginning like a GIF) and the texts "a" and "b" as
 * binary tensors behind 303 bytes of JSON, which requests two binary outputs.
 */
const RECORDED = Buffer.from(
  '{"inputs":[{"name":"image","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":12}},' +
    '{"name":"text","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":10}}],' +
    '"outputs":[{"name":"label","parameters":{"binary_data":true}},' +
    '{"name":"probabilities","parameters":{"binary_data":true}}]}' +
    '\x08\0\0\0GIF89a..\x01\0\0\0a\x01\0\0\0b',
  'latin1',
);
const JSON_BYTES = 303;
const BASE64 = 'R0lGODlhLi4=';

function post({ app }: FakeService, body: Uint8Array, jsonBytes: string | number): Promise<Response> {
  return Promise.resolve(
    app.request('/v2/models/fake/infer', {
      method: 'POST',
      body: Uint8Array.from(body),
      headers: { 'inference-header-content-length': String(jsonBytes) },
    }),
  );
}

/** A binary tensor: each element follows its length. */
function tensor(...elements: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    elements.flatMap((element) => {
      const bytes = Buffer.from(element);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

interface Given {
  readonly name: string;
  readonly shape?: readonly number[];
  /** Sent behind the JSON; `data` is sent in it. */
  readonly bytes?: Uint8Array;
  readonly size?: number;
  readonly data?: readonly string[];
}

/** Sends inputs, binary ones or not. */
function infer(service: FakeService, inputs: readonly Given[], more: object = {}): Promise<Response> {
  const json = Buffer.from(
    JSON.stringify({
      inputs: inputs.map(({ name, shape = [1], bytes, size, data }) => ({
        name,
        shape,
        datatype: 'BYTES',
        ...(data && { data }),
        ...(bytes && { parameters: { binary_data_size: size ?? bytes.length } }),
      })),
      ...more,
    }),
  );
  const tensors = inputs.map(({ bytes }) => bytes ?? new Uint8Array());
  return post(service, Buffer.concat([json, ...tensors]), json.length);
}

const answerSchema = z.object({
  outputs: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.number()),
      datatype: z.string(),
      parameters: z.object({ binary_data_size: z.number() }).optional(),
      data: z.array(z.unknown()).optional(),
    }),
  ),
});

describe('binary tensors', () => {
  it("are compatible with Triton's client", async () => {
    const service = fakeService();
    const response = await post(service, RECORDED, JSON_BYTES);
    expect(response.status).toBe(200);
    expect(service.asked).toMatchObject([{ hypotheses: ['a', 'b'] }]);
    expect(Buffer.from(service.asked[0]?.image ?? []).toString()).toBe('GIF89a..');
    const length = Number(response.headers.get('inference-header-content-length'));
    const body = Buffer.from(await response.arrayBuffer());
    expect(answerSchema.parse(JSON.parse(body.toString('utf8', 0, length))).outputs).toEqual([
      { name: 'label', shape: [2], datatype: 'BYTES', parameters: { binary_data_size: 14 } },
      { name: 'probabilities', shape: [2, 3], datatype: 'FP32', parameters: { binary_data_size: 24 } },
    ]);
    expect(body.toString('hex', length)).toBe(
      // Twice "yes" with its length, then twice 0.5, 0.25, 0.25.
      '0300000079657303000000796573' + '0000003f0000803e0000803e'.repeat(2),
    );
  });

  it('are the default for outputs if the request says so', async () => {
    const inputs = [
      { name: 'image', data: [BASE64] },
      { name: 'text', data: ['a'] },
    ];
    const outputs = [{ name: 'result' }, { name: 'confidence', parameters: { binary_data: false } }];
    const maybe = toAnswer(['yes', 'no', 'maybe'], Float32Array.of(0.25, 0.25, 0.5), Float32Array.of(-2, -2, -1));
    const service = fakeService({ predict: () => Promise.resolve([maybe]) });
    const response = await infer(service, inputs, {
      outputs,
      parameters: { binary_data_output: true },
    });
    const length = Number(response.headers.get('inference-header-content-length'));
    const body = Buffer.from(await response.arrayBuffer());
    expect(answerSchema.parse(JSON.parse(body.toString('utf8', 0, length))).outputs).toEqual([
      { name: 'result', shape: [1], datatype: 'INT64', parameters: { binary_data_size: 8 } },
      { name: 'confidence', shape: [1], datatype: 'FP32', data: [0.5] },
    ]);
    expect(body.toString('hex', length)).toBe('0200000000000000');
  });

  it('can be mixed with JSON, and hold images as files or in base64', async () => {
    const service = fakeService();
    const response = await infer(service, [
      { name: 'premise', bytes: tensor('es regnet ü') },
      { name: 'text', shape: [2, 1], data: ['a', 'b'] },
      { name: 'image', shape: [2], bytes: tensor(BASE64, 'GIF89a!!') },
    ]);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect((await response.json()) as object).toMatchObject({
      outputs: [{ data: ['yes', 'yes'] }, {}, {}, {}],
    });
    const read = service.asked.map(({ image, premise }) => [Buffer.from(image).toString(), premise]);
    expect(read).toEqual([
      ['GIF89a..', 'es regnet ü'],
      ['GIF89a!!', 'es regnet ü'],
    ]);
  });

  it('can hold megabytes of base64', async () => {
    const image = Buffer.alloc(2_000_003, 'GIF89a');
    const service = fakeService({ maxBodyMb: 4 });
    await infer(service, [
      { name: 'image', bytes: tensor(image.toString('base64')) },
      { name: 'text', data: ['a'] },
    ]);
    expect(Buffer.from(service.asked[0]?.image ?? []).equals(image)).toBe(true);
  });

  it('keep a byte order mark of a text, as JSON and forms do', async () => {
    const service = fakeService();
    await infer(service, [
      { name: 'image', bytes: tensor('GIF89a..') },
      { name: 'text', bytes: tensor('\ufeffa') },
    ]);
    expect(service.asked).toMatchObject([{ hypotheses: ['\ufeffa'] }]);
  });

  it('leave unknown image formats to the decoder', async () => {
    const service = fakeService();
    await infer(service, [
      { name: 'image', bytes: tensor('hello, world') },
      { name: 'text', data: ['a'] },
    ]);
    expect(Buffer.from(service.asked[0]?.image ?? []).toString()).toBe('hello, world');
  });

  const image = { name: 'image', bytes: tensor('GIF89a..') };
  it.each([
    ['that extend beyond the body', [image, { name: 'text', bytes: tensor('a'), size: 6 }], 'text'],
    ['with an element that extends beyond them', [image, { name: 'text', bytes: Buffer.of(9, 0, 0, 0, 97) }], 'text'],
    ['with a truncated length', [image, { name: 'text', bytes: Buffer.of(1, 0, 0, 0, 97, 1) }], 'text'],
    ['of the wrong shape', [image, { name: 'text', shape: [2], bytes: tensor('a') }], 'text'],
    ['without elements', [image, { name: 'text', shape: [0], bytes: tensor() }], 'text'],
    ['of 33 texts', [image, { name: 'text', shape: [33], bytes: tensor(...Array<string>(33).fill('a')) }], 'text'],
    ['of a text that is too long', [image, { name: 'text', bytes: tensor('a'.repeat(10_001)) }], 'text'],
    ['of a text that is not UTF-8', [image, { name: 'text', bytes: tensor(Buffer.of(0xff)) }], 'text'],
    ['that are sent as data, too', [image, { name: 'text', data: ['a'], bytes: tensor('a') }], 'text'],
    ['that are absent', [image, { name: 'text' }], 'text'],
  ] as [string, Given[], string][])('are refused %s', async (_, inputs, field) => {
    const service = fakeService();
    await expectProblem(await refused(await infer(service, inputs)), 400, 'invalid-field', field);
    expect(service.asked).toEqual([]);
    expect(service.admission.held).toBe(0);
  });

  it.each(['-1', '1.5', 'all', '', '1e3', String(RECORDED.length + 1)])(
    'are refused if the header announces "%s" bytes of JSON',
    async (length) => {
      await expectProblem(
        await refused(await post(fakeService(), RECORDED, length)),
        400,
        'invalid-field',
        'Inference-Header-Content-Length',
      );
    },
  );

  it('are refused if the JSON ends elsewhere, or bytes are left over', async () => {
    for (const [body, length] of [
      [RECORDED, JSON_BYTES - 1],
      [RECORDED, 0],
      [Buffer.concat([RECORDED, Buffer.of(0)]), JSON_BYTES],
    ] as const) {
      await expectProblem(await refused(await post(fakeService(), body, length)), 400, 'malformed-body');
    }
  });
});

/** Checks that the error is where the protocol's clients look for it. */
async function refused(response: Response): Promise<Response> {
  expect(await response.clone().json()).toHaveProperty('error');
  return response;
}
