import protobuf from 'protobufjs/minimal.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readInferRequest, type InferRequest } from '../../../service/grpc/infer-request.ts';
import { SERVICE } from '../../../service/grpc/protocol.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

/** An input with its elements. */
function input(name: string, ...elements: readonly (string | Buffer)[]) {
  const contents = { bytes_contents: elements.map((element) => Buffer.from(element)) };
  return { name, datatype: 'BYTES', shape: [elements.length], contents };
}

/** The elements of an input as raw bytes. */
function raw(...elements: readonly Buffer[]): Buffer {
  return Buffer.concat(
    elements.flatMap((element) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(element.length);
      return [length, element];
    }),
  );
}

const INPUTS = [input('image', PNG), input('text', 'a dog')];
/** The same without their elements. */
const UNTYPED = INPUTS.map((one) => ({ ...one, contents: undefined }));

/** Reads a message as clients write it. */
function read(request: object): Promise<InferRequest> {
  return readBytes(serialize(request));
}

function serialize(request: object): Buffer {
  const method = SERVICE['ModelInfer'];
  if (method === undefined) throw new Error('there is no such method');
  return method.requestSerialize(request);
}

/** Reads a message that no client would write. */
function readWritten(write: (writer: protobuf.Writer) => void): Promise<InferRequest> {
  const writer = protobuf.Writer.create();
  write(writer);
  return readBytes(writer.finish());
}

function readBytes(bytes: Uint8Array): Promise<InferRequest> {
  return readInferRequest(bytes, new AbortController().signal);
}

/** The tag of a field. */
function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}

/** A field that holds bytes. */
function field(number: number, bytes: Uint8Array): (writer: protobuf.Writer) => void {
  return (writer) => writer.uint32(tag(number, 2)).bytes(bytes);
}

describe('a message', () => {
  it('holds questions, and asks for all outputs of the model served unless it says otherwise', async () => {
    const plain = await read({ inputs: INPUTS });
    expect(plain).toMatchObject({ modelName: undefined, modelVersion: undefined, id: '', isRaw: false });
    expect(plain.outputs).toEqual(['label', 'result', 'confidence', 'probabilities']);
    expect(plain.questions).toEqual([{ image: PNG, hypotheses: ['a dog'], premise: undefined }]);
    const given = {
      model_name: 'ofa',
      model_version: '1',
      id: 'mine',
      outputs: [{ name: 'result' }, { name: 'label' }],
    };
    expect(await read({ ...given, inputs: INPUTS })).toMatchObject({
      modelName: 'ofa',
      modelVersion: '1',
      id: 'mine',
      outputs: ['result', 'label'],
    });
  });

  it('keeps the byte order mark of its id', async () => {
    expect((await read({ id: '\ufeffmine', inputs: INPUTS })).id).toBe('\ufeffmine');
  });

  it.each([
    ['true', { bool_param: true }, true],
    ['false', { bool_param: false }, false],
    ['what is no bool', { int64_param: 1 }, false],
  ])('says by binary_data_output whether its outputs are raw (%s)', async (_, parameter, isRaw) => {
    const parameters = { binary_data_output: parameter, mine: { bool_param: !isRaw } };
    expect((await read({ inputs: INPUTS, parameters })).isRaw).toBe(isRaw);
  });

  it('may have fields that the protocol does not know', async () => {
    const known = serialize({ inputs: INPUTS });
    const unknown = protobuf.Writer.create();
    unknown.uint32(tag(90, 0)).uint32(300).uint32(tag(91, 1)).fixed64(1).uint32(tag(92, 5)).fixed32(1);
    unknown.uint32(tag(93, 3)).uint32(tag(1, 0)).uint32(1).uint32(tag(93, 4));
    field(94, Buffer.alloc(200))(unknown);
    const { questions } = await readBytes(Buffer.concat([unknown.finish(), known]));
    expect(questions).toHaveLength(1);
  });

  it('may have a shape that is not packed', async () => {
    const { questions } = await readWritten((writer) => {
      for (const { name, contents } of INPUTS) {
        writer.uint32(tag(5, 2)).fork();
        field(1, Buffer.from(name))(writer);
        field(2, Buffer.from('BYTES'))(writer);
        // 1 x 1
        writer.uint32(tag(3, 0)).int64(1).uint32(tag(3, 0)).int64(1);
        writer.uint32(tag(5, 2)).fork();
        for (const element of contents.bytes_contents) field(8, element)(writer);
        writer.ldelim().ldelim();
      }
    });
    expect(questions).toEqual([{ image: PNG, hypotheses: ['a dog'], premise: undefined }]);
  });
});

describe('a large image', () => {
  const file = Buffer.concat([PNG, Buffer.alloc(100_000)]);
  const text = Buffer.from('a dog');

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ['typed', { inputs: [input('image', file), input('text', text)] }],
    ['raw', { inputs: UNTYPED, raw_input_contents: [raw(file), raw(text)] }],
  ])('is used where it lies (%s)', async (_, request) => {
    const bytes = serialize(request);
    const [question] = (await readBytes(bytes)).questions;
    expect(file.equals(question?.image ?? PNG)).toBe(true);
    expect(question?.image.buffer).toBe(bytes.buffer);
  });

  const base64 = Buffer.from(file.toString('base64'));
  const inputs = [
    { ...input('image', file, base64), shape: [2] },
    { ...input('text', text, text), shape: [2] },
  ];

  it.each([
    ['typed', { inputs }],
    [
      'raw',
      {
        inputs: inputs.map((one) => ({ ...one, contents: undefined })),
        raw_input_contents: [raw(file, base64), raw(text, text)],
      },
    ],
  ])('in base64 is decoded in a worker (%s)', async (_, request) => {
    const bytes = serialize(request);
    const toString = vi.spyOn(Buffer.prototype as Buffer, 'toString');
    const { questions } = await readBytes(bytes);
    expect(toString.mock.contexts.filter((decoded) => (decoded as Buffer).length >= base64.length)).toEqual([]);
    expect(questions.map(({ image }) => file.equals(image))).toEqual([true, true]);
  });
});

describe('a message is refused', () => {
  it.each([
    ['with an input twice', [...INPUTS, input('text', 'a cat')], 'The input "text" may be given only once.'],
    [
      'with more elements than texts are allowed',
      [input('image', PNG), input('text', ...Array.from({ length: 33 }, () => 'a'))],
      'The input "text" must hold 1 to 32 elements.',
    ],
    [
      'with more dimensions than any program uses',
      INPUTS.map((one) => ({ ...one, shape: Array.from({ length: 100 }, () => 1) })),
      'The field "inputs[0].shape" must not have more than 32 dimensions.',
    ],
    [
      'with a side below 0',
      INPUTS.map((one) => ({ ...one, shape: [-1, -1] })),
      'The field "inputs[0].shape[0]" must not be below 0.',
    ],
  ])('%s', async (_, inputs, sentence) => {
    await expect(read({ inputs })).rejects.toThrow(sentence);
  });

  it('with an output twice', async () => {
    const outputs = [{ name: 'label' }, { name: 'label' }];
    await expect(read({ inputs: INPUTS, outputs })).rejects.toThrow('The output "label" may be requested only once.');
  });

  it('with a number of raw inputs that is not that of its inputs', async () => {
    for (const count of [1, 3]) {
      const raws = Array.from({ length: count }, () => raw(PNG));
      await expect(read({ inputs: UNTYPED, raw_input_contents: raws })).rejects.toThrow(
        `The field "raw_input_contents" must hold one element for each input: 2, not ${count}.`,
      );
    }
  });

  it('with raw elements that are not as many as its shape says', async () => {
    const raws = [raw(PNG, PNG), raw(PNG)];
    await expect(read({ inputs: UNTYPED, raw_input_contents: raws })).rejects.toThrow(
      'The input "image" has 2 elements but its shape says 1.',
    );
  });

  it('with elements both typed and raw', async () => {
    await expect(read({ inputs: INPUTS, raw_input_contents: [raw(PNG), raw(PNG)] })).rejects.toThrow(
      'The input "image" must have its elements either in "contents.bytes_contents" or in "raw_input_contents".',
    );
  });
});

describe('bytes are refused', () => {
  const NO_MESSAGE = 'The message is not valid in Protocol Buffers.';
  const nested = field(5, Buffer.from([tag(1, 2), 4, 97, 98]));

  it.each<[string, (writer: protobuf.Writer) => void, string]>([
    ['that end within a field', (writer) => writer.uint32(tag(7, 2)).uint32(9), NO_MESSAGE],
    [
      'with a field that extends beyond the message it is in',
      (writer) => {
        nested(writer);
        field(7, Buffer.alloc(9))(writer);
      },
      NO_MESSAGE,
    ],
    [
      'with a message that extends beyond the one it is in',
      (writer) => {
        field(5, Buffer.from([tag(5, 2), 20]))(writer);
        field(7, Buffer.alloc(30))(writer);
      },
      NO_MESSAGE,
    ],
    // The values are such that they could be read as another type.
    ['with a number in place of a text', (writer) => writer.uint32(tag(3, 0)).uint32(0), NO_MESSAGE],
    ['with a number in place of an input', (writer) => writer.uint32(tag(5, 0)).uint32(0), NO_MESSAGE],
    ['with four bytes in place of a shape', field(5, Buffer.from([tag(3, 5), 3, 1, 1, 1])), NO_MESSAGE],
    ['with a text in place of a bool', field(4, Buffer.from([tag(2, 2), 2, tag(1, 2), 0])), NO_MESSAGE],
    ['with a name that is not UTF-8', field(1, Buffer.from([0xff])), NO_MESSAGE],
    ['with a name that is too long', field(1, Buffer.alloc(40_001, 'a')), 'a name of more than 40000 bytes'],
    [
      'of many small fields',
      (writer) => {
        for (let count = 0; count <= 10_000; count++) field(7, Buffer.alloc(0))(writer);
      },
      'The message has more than 10000 fields.',
    ],
    [
      'of many small fields in an input',
      field(5, Buffer.alloc(20_002, Buffer.from([tag(1, 2), 0]))),
      'The message has more than 10000 fields.',
    ],
  ])('%s', async (_, write, sentence) => {
    await expect(readWritten(write)).rejects.toThrow(sentence);
  });

  it('only beyond these bounds', async () => {
    const name = 'a'.repeat(40_000);
    const texts = Array.from({ length: 32 }, () => 'a');
    const shape = [32, ...Array.from({ length: 31 }, () => 1)];
    const request = await read({
      model_name: name,
      inputs: [input('image', PNG), { ...input('text', ...texts), shape }],
    });
    expect([request.modelName, request.questions[0]?.hypotheses]).toEqual([name, texts]);
    await expect(
      readWritten((writer) => {
        for (let count = 0; count < 10_000; count++) field(7, Buffer.alloc(0))(writer);
      }),
    ).rejects.toThrow('The field "inputs" must hold an input.');
  });
});
