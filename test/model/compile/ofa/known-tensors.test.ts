import { expect, test } from 'vitest';
import type { OfaConfig } from '../../../../model/compile/checkpoint/config.ts';
import { unknownTensors, unusedTensors } from '../../../../model/compile/ofa/known-tensors.ts';
import { checkpointTensors } from '../../../../testing/checkpoint-tensors.ts';
import type { VariantConfig } from '../../../../testing/checkpoint-variants.ts';
import { variant, VARIANTS } from '../../../../testing/checkpoints.ts';

test.each(VARIANTS)('every tensor of the variant $name is known', ({ config, baseWidth, buffers }) => {
  const names = [...checkpointTensors(config, { baseWidth, buffers })].map(({ name }) => name);
  expect(names.length).toBeGreaterThan(100);
  expect(unknownTensors(names)).toEqual([]);
  expect(unknownTensors(names.map((name) => name.replace('.weight_', '.gamma_')))).toEqual([]);
});

/** The configuration as the compiler has it. */
function configOf(config: VariantConfig): OfaConfig {
  const camelCase = (name: string): string => name.replace(/_./g, ([, letter = '']) => letter.toUpperCase());
  const entries = Object.entries(config).map(([name, value]) => [camelCase(name), value as unknown]);
  return Object.fromEntries(entries) as OfaConfig;
}

test.each(VARIANTS)('the variant $name has no tensor that its configuration turns off', (model) => {
  const names = [...checkpointTensors(model.config, model)].map(({ name }) => name);
  expect(unusedTensors(names, configOf(model.config))).toEqual([]);
});

test.each([
  ['normformer', false, 20],
  ['layernorm_embedding', false, 4],
  ['patch_layernorm_embedding', false, 2],
  ['add_type_embedding', false, 1],
  ['encoder_normalize_before', false, 2],
  ['decoder_normalize_before', false, 2],
  ['use_gamma_feature', false, 10],
  ['share_attn_bias', true, 4],
])('%s: %s in config.json leaves tensors out', (field, off, count) => {
  const { config, ...options } = variant('everything', { config: { use_gamma_feature: true } });
  const names = [...checkpointTensors(config, options)].map(({ name }) => name);
  const [note = '', ...others] = unusedTensors(names, configOf({ ...config, [field]: off }));
  expect(note).toMatch(new RegExp(`^${field} is ${off} in config\\.json .* left out, ${count} in all, such as `));
  expect(others).toEqual([]);
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
