import { expect, test } from 'vitest';
import { unknownTensors } from '../../../../model/compile/ofa/known-tensors.ts';
import { checkpointTensors } from '../../../../testing/checkpoint-tensors.ts';
import { VARIANTS } from '../../../../testing/checkpoints.ts';

test.each(VARIANTS)('every tensor of the variant $name is known', ({ config, baseWidth, buffers }) => {
  const names = [...checkpointTensors(config, { baseWidth, buffers })].map(({ name }) => name);
  expect(names.length).toBeGreaterThan(100);
  expect(unknownTensors(names)).toEqual([]);
});

test('what adapters add to the layers is unknown, and what is beside the model does not matter', () => {
  const added = [
    'encoder.layers.0.self_attn.q_proj.lora_A',
    'encoder.layers.0.self_attn.q_proj.lora_B.default.weight',
    'encoder.layers.0.adapter.fc1.weight',
    'decoder.prompt_embedding.weight',
  ];
  expect(unknownTensors(['encoder.layers.0.self_attn.q_proj.weight', ...added, 'criterion.weight'])).toEqual(added);
});
