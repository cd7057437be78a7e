import { expect, test } from 'vitest';
import { modelName } from '../../../model/compile/model-name.ts';

test.each([
  ['/data/checkpoints/large', 'large'],
  ['/data/checkpoints/large/', 'large'],
  ['/home/me/.cache/modelscope/models/iic--ofa_large_en/snapshots/master', 'ofa_large_en'],
  ['/home/me/.cache/modelscope/models/iic--ofa--v2/snapshots/master', 'ofa--v2'],
  ['/home/me/.cache/huggingface/hub/models--OFA-Sys--ofa-large/snapshots/0123abcd', 'ofa-large'],
  ['/home/me/.cache/huggingface/hub/models--gpt2/snapshots/0123abcd', 'gpt2'],
  ['/home/me/.cache/modelscope/hub/iic/ofa_v1___5', 'ofa_v1.5'],
  ['/data/snapshots/nightly', 'nightly'],
])('%s is the folder of %s', (folder, name) => {
  expect(modelName(folder)).toBe(name);
});
