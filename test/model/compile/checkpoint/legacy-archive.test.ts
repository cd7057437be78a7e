import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { PickleWriter } from '../../../../testing/pickle-writer.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { type ArchiveTensor, type LegacyOptions, writeLegacyArchive } from '../../../../testing/torch-archive.ts';
import { open, square } from './open-weights.ts';

const FILE = 'pytorch_model.bin';

describe('the format from before PyTorch 1.6', () => {
  const legacy = (tensors: Readonly<Record<string, ArchiveTensor>>, options: LegacyOptions = {}): string => {
    const folder = tempFolder();
    writeLegacyArchive(join(folder, FILE), Object.entries(tensors), options);
    return folder;
  };

  test('gives the same tensors', async () => {
    const tensors: Record<string, ArchiveTensor> = {
      square,
      half: { dtype: 'float16', shape: [3], data: [0.5, -1, 65504] },
      turned: { dtype: 'float32', shape: [3, 2], strides: [1, 3], tiedTo: 'square' },
      tied: { dtype: 'float32', shape: [2, 3], tiedTo: 'square' },
      count: { dtype: 'int64', shape: [], data: [7] },
      // Its storage is the last one: nothing of the file follows its number of elements.
      empty: { dtype: 'float32', shape: [0], data: [] },
    };
    const weights = await open(legacy(tensors));
    const all = await Promise.all(Object.keys(tensors).map(async (name) => [...(await weights.read(name))]));
    expect(all).toEqual([[1, 2, 3, 4, 5, 6], [0.5, -1, 65504], [1, 4, 2, 5, 3, 6], [1, 2, 3, 4, 5, 6], [7], []]);
    const identity = (name: string): string | undefined => weights.tensors.get(name)?.storage;
    expect(identity('tied')).toBe(identity('square'));
    expect(identity('turned')).not.toBe(identity('square'));
  });

  test('may have wrappers and parameters', async () => {
    const weights = await open(legacy({ 'module.encoder.a': square }, { wrapIn: 'model', parameters: true }));
    expect([...weights.tensors.keys()]).toEqual(['encoder.a']);
  });

  test.each<[string, LegacyOptions, string, RegExp]>([
    ['another version', { version: 1002 }, 'checkpoint-unreadable', /its format has another version/],
    ['big-endian values', { bigEndian: true }, 'checkpoint-unreadable', /written on a big-endian machine/],
    [
      'no list of storages',
      { keys: new PickleWriter().int(1).finish() },
      'checkpoint-unreadable',
      /it has no list of storages/,
    ],
    [
      'more than 100,000 storages',
      {
        keys: '0'
          .repeat(100_001)
          .split('')
          .reduce((pickle, key) => pickle.text(key), new PickleWriter().emptyList().mark())
          .appends()
          .finish(),
      },
      'checkpoint-unreadable',
      /it has no list of storages/,
    ],
    [
      'an unknown storage',
      { keys: new PickleWriter().emptyList().mark().text('9').appends().finish() },
      'checkpoint-unreadable',
      /lists a storage that nothing refers to/,
    ],
    [
      'a missing storage',
      { keys: new PickleWriter().emptyList().finish() },
      'checkpoint-incomplete',
      /lacks the values of the tensor square\.$/,
    ],
  ])('is refused with %s', async (_, options, code, message) => {
    await expect(openWeights(legacy({ square }, options))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test('is refused if a storage has another number of elements', async () => {
    const folder = legacy({ square });
    const bytes = readFileSync(join(folder, FILE));
    bytes.writeBigInt64LE(5n, bytes.length - 6 * 4 - 8);
    writeFileSync(join(folder, FILE), bytes);
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-incomplete',
      message: `${join(folder, FILE)} is damaged: it has 5 elements where 6 are expected; download it again.`,
    });
  });

  test('is refused if it is truncated', async () => {
    const folder = legacy({ square });
    const { length } = readFileSync(join(folder, FILE));
    for (let size = length - 1; size > 0; size--) {
      truncateSync(join(folder, FILE), size);
      await expect(openWeights(folder)).rejects.toMatchObject({ name: 'UserError' });
    }
  });

  test('is told from another pickle', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, FILE), new PickleWriter().proto().int(5).finish());
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-unreadable',
      message: expect.stringMatching(/does not hold a PyTorch state dict \(it is another pickle\)/) as string,
    });
  });
});

test('a legacy file with values of another type beside the weights is refused, as it cannot be read past them', async () => {
  const put = (to: PickleWriter, type: string, key: string): PickleWriter => {
    to.global('torch._utils', '_rebuild_tensor_v2').mark().storage(type, key, 6, true).int(0);
    return to.ints([2, 3]).ints([3, 1]).false().orderedDict().tuple().reduce();
  };
  const pickle = new PickleWriter().proto().emptyDict().mark().text('optimizer').emptyDict().mark().text('state');
  put(pickle, 'ComplexFloatStorage', '0').setItems().text('model').emptyDict().mark().text('encoder.w');
  const folder = tempFolder();
  const file = join(folder, FILE);
  const options = { pickle: put(pickle, 'FloatStorage', '1').setItems().setItems().finish() };
  writeLegacyArchive(
    file,
    [
      ['encoder.state', square],
      ['encoder.w', square],
    ],
    options,
  );
  await expect(openWeights(folder)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: `${file} has values of type complex64, whose size is unknown; save its weights alone.`,
  });
});
