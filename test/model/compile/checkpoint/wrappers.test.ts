import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { type ArchiveTensor, writeTorchArchive } from '../../../../testing/torch-archive.ts';
import { open, square } from './open-weights.ts';

describe('a name that two tensors have without wrappers', () => {
  const names = ['encoder.layers.0.fc1.bias', 'encoder.layers.0._orig_mod.fc1.bias'] as const;
  const other: ArchiveTensor = { ...square, data: [6, 5, 4, 3, 2, 1] };

  function folderWith(tensors: readonly (readonly [string, ArchiveTensor])[]): string {
    const folder = tempFolder();
    writeTorchArchive(join(folder, 'pytorch_model.bin'), tensors);
    return folder;
  }

  test.each([
    [names[0], names[1]],
    [names[1], names[0]],
  ])('is refused: %s and %s', async (first, second) => {
    const folder = folderWith([
      [first, square],
      [second, other],
    ]);
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      message:
        'The checkpoint has two different tensors whose names are encoder.layers.0.fc1.bias without wrappers such as ' +
        '_orig_mod.: save the state dict of one model.',
    });
  });

  test('may be that of tied tensors, or of what is not the model', async () => {
    const folder = folderWith([
      [names[0], square],
      [names[1], { dtype: 'float32', shape: [2, 3], tiedTo: names[0] }],
      ['head.a', square],
      ['head._orig_mod.a', other],
    ]);
    expect([...(await open(folder)).tensors.keys()]).toEqual([names[0], 'head.a']);
  });
});
