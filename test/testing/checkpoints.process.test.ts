import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openWeights } from '../../model/compile/checkpoint/weights.ts';
import { referenceAnswer, type ReferenceResult, type Weights } from '../../testing/reference/ofa.ts';
import type { VariantConfig, VariantTask } from '../../testing/checkpoint-variants.ts';
import {
  answerTokens,
  variant,
  variantCases,
  VARIANTS,
  variantWeights,
  writeVariantCheckpoint,
} from '../../testing/checkpoints.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

/** Has the parameters of every switch, so that one model can be asked with each switch on and off. */
const SUPERSET = variant('superset', {
  config: { use_gamma_feature: true, share_decoder_input_output_embed: false },
  answers: ['is', 'is not', 'no'],
  buffers: 'computed',
});

const SWITCHES: [string, Partial<VariantConfig>, Partial<VariantTask>][] = [
  ['share_attn_bias', { share_attn_bias: true }, {}],
  ['scale_embedding', { scale_embedding: true }, {}],
  ['normformer', { normformer: false }, {}],
  ['add_type_embedding', { add_type_embedding: false }, {}],
  ['layernorm_embedding', { layernorm_embedding: false }, {}],
  ['patch_layernorm_embedding', { patch_layernorm_embedding: false }, {}],
  ['entangle_position_embedding', { entangle_position_embedding: true }, {}],
  ['use_gamma_feature', { use_gamma_feature: false }, {}],
  ['encoder_normalize_before', { encoder_normalize_before: false }, {}],
  ['decoder_normalize_before', { decoder_normalize_before: false }, {}],
  ['share_decoder_input_output_embed', { share_decoder_input_output_embed: true }, {}],
  ['attn_scale_factor', { attn_scale_factor: 5 }, {}],
  ['prompt_type', {}, { prompt_type: 'prev_output' }],
  ['imagenet_default_mean_and_std', {}, { imagenet_default_mean_and_std: true }],
];

/** Parameters that the model has but entailment does not use. */
const UNUSED = /num_batches_tracked|image_rp_bucket|^decoder\.(image_|embed_image_|code_|embed_tokens)/;

function largestDifference(left: readonly number[], right: readonly number[]): number {
  return Math.max(...left.map((value, i) => Math.abs(value - (right[i] ?? NaN))));
}

describe('the small checkpoints', () => {
  let weights: Weights;
  let input: Parameters<typeof referenceAnswer>[0];
  /** The reference's answer to it. */
  let plain: ReferenceResult;

  beforeAll(() => {
    weights = variantWeights(SUPERSET);
    const { pixels, inputIds } = variantCases({ ...SUPERSET, lengths: [4, 5, 20] }, weights)[2] ?? {};
    if (pixels === undefined || inputIds === undefined) throw new Error('a variant has three cases');
    const { config, task } = SUPERSET;
    input = { config, task, weights, pixels, inputIds, answers: answerTokens(SUPERSET) };
    plain = referenceAnswer(input);
  });

  it.each(SWITCHES)('notice %s', (_, config, task) => {
    const changed = referenceAnswer({
      ...input,
      config: { ...input.config, ...config },
      task: { ...input.task, ...task },
    });
    expect(largestDifference(plain.logScores, changed.logScores)).toBeGreaterThan(5e-3);
  });

  it('notice disable_entangle', () => {
    const entangled = { ...input.config, entangle_position_embedding: true };
    const both = referenceAnswer({ ...input, config: entangled });
    const encoderOnly = referenceAnswer({ ...input, config: { ...entangled, disable_entangle: true } });
    expect(largestDifference(both.logScores, encoderOnly.logScores)).toBeGreaterThan(5e-3);
  });

  it('notice the picture', () => {
    const other = referenceAnswer({ ...input, pixels: input.pixels.map((value) => 255 - value) });
    expect(largestDifference(plain.logScores, other.logScores)).toBeGreaterThan(5e-3);
  });

  it('have no parameter that the reference overlooks', () => {
    const unread = new Set(weights.keys());
    class Recording extends Map<string, NonNullable<ReturnType<Weights['get']>>> {
      override get(name: string) {
        unread.delete(name);
        return super.get(name);
      }
    }
    referenceAnswer({ ...input, weights: new Recording(weights) });
    // The superset's projection is not tied: decoder.embed_tokens is read, as what the decoder embeds with.
    expect([...unread].filter((name) => !UNUSED.test(name))).toEqual([]);
  });

  it.each(VARIANTS.filter(({ answers }) => answers.some((answer) => answer.includes(' '))))(
    'spread a probability of 1 over the answers: $name',
    (several) => {
      // Each answer is one way through the constraint, so that the ways' probabilities add up to 1.
      for (const { expected } of variantCases(several)) {
        const total = expected.logScores.reduce((sum, score) => sum + Math.exp(score), 0);
        expect(total).toBeCloseTo(1, 12);
      }
    },
  );
});

describe('writeVariantCheckpoint', () => {
  let folder: string;

  beforeAll(() => {
    folder = tempFolder();
  });

  it.each(VARIANTS.filter(({ layout, dtype }) => layout !== 'torch' || dtype !== 'float32'))(
    'keeps every value in every kind of file: $name',
    async (kind) => {
      const path = join(folder, kind.name);
      writeVariantCheckpoint(path, kind);
      const expected = variantWeights(kind);
      const stored = await openWeights(path);
      const wrong: string[] = [];
      for (const [name, { shape }] of stored.tensors) {
        const values = await stored.read(name);
        const tensor = expected.get(name);
        const equal = String(tensor?.shape) === String(shape) && tensor?.data.every((value, i) => value === values[i]);
        if (equal !== true) wrong.push(name);
      }
      await stored.close();
      expect(wrong).toEqual([]);
      const missing = [...expected.keys()].filter((name) => !stored.tensors.has(name));
      const kept = kind.layout === 'safetensors-one-name' ? 2 : 0;
      expect(missing).toHaveLength(kept);
    },
  );
});
