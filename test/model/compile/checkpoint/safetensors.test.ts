import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { writeSafetensors, writeSafetensorsHeader, writeTorchArchive } from '../../../../testing/torch-archive.ts';
import { open } from './open-weights.ts';

/** A folder with a safetensors file of this header and `size` bytes of data. */
function folderWith(header: unknown, size: number): string {
  const folder = tempFolder();
  const fd = openSync(join(folder, 'model.safetensors'), 'w');
  writeSafetensorsHeader(fd, typeof header === 'string' ? header : JSON.stringify(header));
  writeSync(fd, new Uint8Array(size));
  closeSync(fd);
  return folder;
}

test('tensors of every type', async () => {
  const folder = tempFolder();
  const data = [0, 1, 2, 3, 4, 5];
  const dtypes = [
    ...(['float32', 'float16', 'bfloat16', 'float64', 'int64', 'int32', 'int16', 'int8', 'uint8'] as const),
  ];
  const tensors = dtypes.map((dtype) => [dtype, { dtype, shape: [2, 3], data }] as const);
  const flags = ['bool', { dtype: 'bool', shape: [2], data: [1, 0] }] as const;
  writeSafetensors(join(folder, 'model.safetensors'), [...tensors, flags]);
  const weights = await open(folder);
  expect(weights.files).toEqual(['model.safetensors']);
  for (const dtype of dtypes) {
    expect(weights.tensors.get(dtype)).toMatchObject({ dtype, shape: [2, 3] });
    expect([...(await weights.read(dtype))]).toEqual(data);
    expect([...(await weights.readRows(dtype, 1, 2))]).toEqual([3, 4, 5]);
  }
  expect([...(await weights.read('bool'))]).toEqual([1, 0]);
  expect(new Set([...weights.tensors.values()].map((tensor) => tensor.storage)).size).toBe(10);
});

test('rows of a tensor of three dimensions', async () => {
  const folder = tempFolder();
  const data = Array.from({ length: 24 }, (_, i) => i);
  writeSafetensors(join(folder, 'model.safetensors'), [['a', { dtype: 'int8', shape: [4, 3, 2], data }]]);
  const weights = await open(folder);
  expect([...(await weights.readRows('a', 1, 3))]).toEqual(data.slice(6, 18));
});

test('is used only if there is no pytorch_model.bin', async () => {
  const folder = tempFolder();
  writeSafetensors(join(folder, 'model.safetensors'), [['a', { dtype: 'int8', shape: [1], data: [1] }]]);
  writeTorchArchive(join(folder, 'pytorch_model.bin'), [['b', { dtype: 'int8', shape: [1], data: [1] }]]);
  expect([...(await open(folder)).tensors.keys()]).toEqual(['b']);
});

describe('is rejected with one sentence', () => {
  const tensor = (start: number, end: number): object => ({
    dtype: 'F32',
    shape: [2],
    data_offsets: [start, end],
  });
  test.each([
    [
      'a file that ends before its last tensor',
      { a: tensor(0, 8) },
      7,
      'checkpoint-incomplete',
      /is truncated: the tensor a/,
    ],
    ['tensors that overlap', { a: tensor(0, 8), b: tensor(4, 12) }, 12, 'checkpoint-unreadable', /b overlaps another/],
    ['too few bytes for a shape', { a: tensor(0, 4) }, 8, 'checkpoint-unreadable', /4 bytes but its shape needs 8/],
    ['offsets in descending order', { a: tensor(8, 0) }, 8, 'checkpoint-unreadable', /-8 bytes/],
    [
      'negative offsets',
      { a: tensor(-8, 0) },
      8,
      'checkpoint-unreadable',
      /tensor a lacks a dtype, shape or data_offsets/,
    ],
    ['a header without tensors', { __metadata__: {} }, 8, 'checkpoint-unreadable', /it has no tensors\.$/],
    ['a header that is an array', '[]', 8, 'checkpoint-unreadable', /its header is not a JSON object/],
    ['a header that is not JSON', '{', 8, 'checkpoint-unreadable', /its header is not a JSON object/],
    [
      'an unsupported type',
      { a: { dtype: 'F8_E4M3', shape: [2], data_offsets: [0, 2] } },
      2,
      'checkpoint-unsupported',
      /a of type F8_E4M3; supported are F32, F16/,
    ],
    [
      'a name as long as a book',
      { ['a'.repeat(100_000)]: tensor(0, 4) },
      8,
      'checkpoint-unreadable',
      /its tensor a{149}…a{50} has 4 bytes but/,
    ],
  ])('%s', async (_, header, size, code, message) => {
    await expect(openWeights(folderWith(header, size))).rejects.toMatchObject({
      name: 'UserError',
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test.each([
    ['a file of seven bytes', new Uint8Array(7), /is truncated: it has 7 bytes but needs 8; download it again\.$/],
    ['a header of 2^62 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x40), /its header claims to have/],
    [
      'a header that extends past the end',
      Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0),
      /is truncated: it has 8 bytes but needs 107/,
    ],
  ])('%s', async (_, bytes, message) => {
    const folder = tempFolder();
    const fd = openSync(join(folder, 'model.safetensors'), 'w');
    writeSync(fd, bytes);
    closeSync(fd);
    await expect(openWeights(folder)).rejects.toThrow(message);
  });
});
