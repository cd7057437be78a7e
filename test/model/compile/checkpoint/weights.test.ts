import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkView } from '../../../../model/compile/checkpoint/tensor.ts';
import { type Weights } from '../../../../model/compile/checkpoint/weights.ts';
import { writeTorchArchive, type ArchiveTensor } from '../../../../testing/torch-archive.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { open, square } from './open-weights.ts';

const FIXTURE = join(import.meta.dirname, '../../../fixtures/ofa/mini-none');

async function archive(
  tensors: Readonly<Record<string, ArchiveTensor>>,
  options: Parameters<typeof writeTorchArchive>[2] = {},
): Promise<Weights> {
  const folder = tempFolder();
  writeTorchArchive(join(folder, 'pytorch_model.bin'), Object.entries(tensors), options);
  return open(folder);
}

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('a checkpoint that PyTorch wrote', () => {
  test('lists its tensors with type and shape', async () => {
    const weights = await open(FIXTURE);
    expect(weights.files).toEqual(['pytorch_model.bin']);
    expect(weights.tensors.size).toBe(256);
    expect(weights.tensors.get('encoder.embed_tokens.weight')).toMatchObject({
      dtype: 'float32',
      shape: [400, 64],
    });
    expect(weights.tensors.get('encoder.embed_images.bn1.num_batches_tracked')).toMatchObject({
      dtype: 'int64',
      shape: [],
    });
  });

  test('ties exactly the tensors that share a storage', async () => {
    const { tensors } = await open(FIXTURE);
    const identity = (name: string): string | undefined => tensors.get(name)?.storage;
    expect(identity('decoder.output_projection.weight')).toBe(identity('encoder.embed_tokens.weight'));
    expect(identity('decoder.embed_tokens.weight')).toBe(identity('encoder.embed_tokens.weight'));
    expect(new Set([...tensors.values()].map((tensor) => tensor.storage)).size).toBe(254);
  });

  test('returns the values that PyTorch stored, whole or by rows', async () => {
    const weights = await open(FIXTURE);
    // torch.save writes the first tensor's storage first, right after the header of its zip entry.
    const file = readFileSync(join(FIXTURE, 'pytorch_model.bin'));
    const header = file.indexOf('pytorch_model/data/2FB') - 30;
    const start = header + 30 + file.readUInt16LE(header + 26) + file.readUInt16LE(header + 28);
    const table = await weights.read('encoder.embed_tokens.weight');
    expect(table).toHaveLength(400 * 64);
    expect([...table.subarray(0, 200)]).toEqual(numbers(0, 200).map((i) => file.readFloatLE(start + 4 * i)));
    expect(await weights.readRows('encoder.embed_tokens.weight', 7, 9)).toEqual(table.slice(7 * 64, 9 * 64));
  });
});

describe('element types', () => {
  const values = [0, -0, 1, -2, 0.5, 65504, 2 ** -24, Infinity, -Infinity, NaN];
  test.each(['float32', 'float16', 'bfloat16', 'float64'] as const)('%s', async (dtype) => {
    const expected = dtype === 'bfloat16' ? values.map((value) => (value === 65504 ? 65536 : value)) : values;
    const weights = await archive({ x: { dtype, shape: [values.length], data: values } });
    expect([...(await weights.read('x'))]).toEqual(expected);
  });

  test('every half-precision number', async () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const weights = await archive({
      x: { dtype: 'float16', shape: [65_536], data: new Uint8Array(bits.buffer) },
    });
    const floats = await weights.read('x');
    const value = (i: number): number => floats[i] ?? NaN;
    expect([0x0001, 0x03ff, 0x0400, 0x3555, 0x3c00, 0x7bff, 0xc000].map(value)).toEqual([
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      0.333251953125,
      1,
      65504,
      -2,
    ]);
    // From zero to infinity, values increase with their bit patterns.
    expect(numbers(1, 0x7c00).every((i) => value(i) > value(i - 1))).toBe(true);
    expect(numbers(0x7c01, 1023).every((i) => Number.isNaN(value(i)))).toBe(true);
    expect(numbers(0, 0x7c01).every((i) => value(i + 0x8000) === -value(i))).toBe(true);
  });

  test.each([
    ['int64', [0, 1, -1, 2 ** 31, -(2 ** 40)]],
    ['int32', [0, 1, -1, 2 ** 30, -(2 ** 31)]],
    ['int16', [0, 1, -1, 32767, -32768]],
    ['int8', [0, 1, -1, 127, -128]],
    ['uint8', [0, 1, 255]],
    ['bool', [0, 1, 1]],
  ] as const)('%s', async (dtype, integers) => {
    const weights = await archive({ x: { dtype, shape: [integers.length], data: integers } });
    expect([...(await weights.read('x'))]).toEqual([...integers]);
  });

  test('more elements than are converted in one chunk', async () => {
    const count = 2 ** 21 + 1001;
    const bits = Uint16Array.from({ length: count }, (_, i) => i % 0x7c00);
    const weights = await archive({
      x: { dtype: 'bfloat16', shape: [count], data: new Uint8Array(bits.buffer) },
    });
    const out = new Uint32Array((await weights.read('x')).buffer);
    expect(out.every((value, i) => value >>> 16 === i % 0x7c00)).toBe(true);
  });
});

describe('views of a storage', () => {
  const view = (shape: number[], strides: number[], offset = 0): ArchiveTensor => ({
    dtype: 'float32',
    shape,
    strides,
    offset,
    tiedTo: 'all',
  });
  const all: ArchiveTensor = { dtype: 'float32', shape: [24], data: numbers(0, 24) };

  test.each([
    ['transposed', view([3, 2], [1, 3]), [0, 3, 1, 4, 2, 5]],
    ['with an offset', view([2, 2], [2, 1], 20), [20, 21, 22, 23]],
    ['every other element', view([3], [2], 1), [1, 3, 5]],
    ['expanded', view([2, 3], [0, 1], 4), [4, 5, 6, 4, 5, 6]],
    ['permuted in three dimensions', view([2, 2, 2], [1, 4, 2]), [0, 2, 4, 6, 1, 3, 5, 7]],
    ['with a size of one and any stride', view([1, 3], [99, 1], 2), [2, 3, 4]],
    ['a single element', view([], [], 23), [23]],
    ['empty', view([0, 5], [5, 1], 24), []],
    ['empty and transposed', view([5, 0], [1, 5], 24), []],
    ['empty in the middle of others', view([3, 0, 2], [1, 1, 9], 24), []],
  ])('%s', async (_, tensor, expected) => {
    const weights = await archive({ all, tensor });
    expect([...(await weights.read('tensor'))]).toEqual(expected);
  });

  test('rows of a transposed view', async () => {
    const weights = await archive({ all, tensor: view([4, 3], [1, 4]) });
    expect([...(await weights.readRows('tensor', 1, 3))]).toEqual([1, 5, 9, 2, 6, 10]);
    expect(await weights.readRows('tensor', 4, 4)).toHaveLength(0);
    await expect(weights.readRows('tensor', 3, 5)).rejects.toThrow(RangeError);
    await expect(weights.readRows('tensor', -1, 2)).rejects.toThrow(RangeError);
    expect(await weights.readRows('tensor', 0, 4)).toEqual(await weights.read('tensor'));
    for (const part of [0.5, NaN]) {
      await expect(weights.readRows('tensor', part, 3)).rejects.toThrow(RangeError);
      await expect(weights.readRows('tensor', 0, part)).rejects.toThrow(RangeError);
    }
  });

  test('have the same identity only if they are the same view', async () => {
    const { tensors } = await archive({ all, same: view([24], [1]), other: view([4, 6], [6, 1]) });
    expect(tensors.get('same')?.storage).toBe(tensors.get('all')?.storage);
    expect(tensors.get('other')?.storage).not.toBe(tensors.get('all')?.storage);
  });

  test('may repeat elements, to as many as the larger of the storage and 2^24', async () => {
    const most = 2 ** 24;
    const { tensors } = await archive({ all, tensor: view([most], [0]) });
    expect(tensors.get('tensor')?.shape).toEqual([most]);
    await expect(archive({ all, tensor: view([most + 1], [0]) })).rejects.toThrow(/far more elements/);
    const whole = { offset: 0, shape: [most + 1], strides: [1] };
    expect(() => {
      checkView('A tensor', whole, most + 1);
    }).not.toThrow();
  });

  test.each([
    ['past the end', view([5, 5], [5, 1]), /tensor tensor .* needs 25 elements of a storage of 24/],
    ['of one element past the end', view([], [], 24), /needs 25 elements/],
    ['past the end by its offset', view([2], [1], 23), /needs 25 elements/],
    ['past the end by a stride', view([2, 1], [24, 1]), /needs 25 elements/],
    ['with a negative stride', view([2], [-1], 3), /the stride of a tensor is not a non-negative integer/],
    ['of too many dimensions', view(numbers(1, 17), numbers(1, 17)), /size of a tensor is not a tuple of at most 16/],
    ['grown far beyond its storage', view([2 ** 20, 2 ** 20], [0, 0]), /far more elements than its storage/],
    ['with more strides than sizes', view([2], [1, 1]), /1 dimensions but 2 strides/],
  ])('%s are rejected', async (_, tensor, message) => {
    await expect(archive({ all, tensor })).rejects.toMatchObject({
      name: 'UserError',
      code: 'checkpoint-unreadable',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('layouts of an archive', () => {
  test.each([
    ['zip64', { zip64: true }],
    ['another root', { root: 'archive' }],
    ['a training checkpoint with the weights as model', { wrapIn: 'model' }],
    ['a training checkpoint with the weights as state_dict', { wrapIn: 'state_dict' }],
    ['parameters', { parameters: true }],
    ['a byte order', { extra: { byteorder: Buffer.from('little') } }],
  ])('%s', async (_, options) => {
    const weights = await archive({ square }, options);
    expect([...(await weights.read('square'))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each([
    ['compressed', { deflate: true }, /compressed or encrypted .* as torch\.save wrote it/],
    ['big-endian', { extra: { byteorder: Buffer.from('big') } }, /big-endian byte order/],
    [
      'a TorchScript program',
      { extra: { 'constants.pkl': Buffer.from('x') } },
      /TorchScript program; .*torch\.jit\.load/,
    ],
    ['without a pickle', { root: 'a/b' }, /0 entries <name>\/data\.pkl/],
  ])('%s is rejected', async (_, options, message) => {
    await expect(archive({ square }, options)).rejects.toMatchObject({
      name: 'UserError',
      code: 'checkpoint-unreadable',
      message: expect.stringMatching(message) as string,
    });
  });
});
