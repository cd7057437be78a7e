import { z } from 'zod';
import { knowsSchema } from '../../package/manifest.ts';

/** Larger than any size in the architecture, so a larger value is a mistake. */
const MAX_COUNT = 2 ** 24;

// A schema's error text completes the sentence 'supported is ...'.
const count = (fallback: number) => {
  const error = `a whole number from 1 to ${MAX_COUNT}`;
  return z.int({ error }).min(1, { error }).max(MAX_COUNT, { error }).default(fallback);
};
const flag = (fallback: boolean) => z.boolean({ error: 'true or false' }).default(fallback);
const only = <const T extends string | boolean>(value: T) =>
  z.literal(value, { error: JSON.stringify(value) }).default(() => value);

const RESNET_TYPES = ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152'] as const;

/** Fields of `config.json` that must have a supported value, but are not needed after that. */
export const REQUIREMENTS = z.object({
  resnet_type: z.enum(RESNET_TYPES, { error: `one of ${RESNET_TYPES.join(', ')}` }).default('resnet101'),
  activation_function: only('gelu'),
  use_image_feature: only(true),
  use_ofasys: only(false),
  interpolate_position: only(false),
});

/** The architecture in `config.json`. Defaults are those of the reference's OFAConfig. */
export const ARCHITECTURE = z.object({
  d_model: count(512),
  encoder_layers: count(4),
  encoder_attention_heads: count(8),
  encoder_ffn_dim: count(2048),
  decoder_layers: count(4),
  decoder_attention_heads: count(8),
  decoder_ffn_dim: count(2048),
  /** Rows of the token table, which may be more than the tokenizer has tokens. */
  vocab_size: count(59_457),
  token_bucket_size: count(256),
  image_bucket_size: count(42),
  max_position_embeddings: count(1024),
  attn_scale_factor: z.number({ error: 'a number above 0' }).positive({ error: 'a number above 0' }).default(2),
  normformer: flag(true),
  layernorm_embedding: flag(true),
  patch_layernorm_embedding: flag(true),
  add_type_embedding: flag(true),
  share_decoder_input_output_embed: flag(true),
  encoder_normalize_before: flag(true),
  decoder_normalize_before: flag(true),
  scale_embedding: flag(false),
  entangle_position_embedding: flag(false),
  disable_entangle: flag(false),
  share_attn_bias: flag(false),
  use_gamma_feature: flag(false),
});

const imageSize = 'a multiple of 16';
const promptRule = 'a text with one or two {} and no other braces';
const fileRule = 'the name of a file in the checkpoint folder';

/** `configuration.json`. Defaults are those of the reference's preprocessor, which does not read `knows`. */
export const TASK = z.object({
  task: only('visual-entailment'),
  knows: knowsSchema.optional(),
  model: z
    .object(
      {
        language: only('en'),
        max_src_length: count(256),
        patch_image_size: z
          .int({ error: imageSize })
          .min(16, { error: imageSize })
          .multipleOf(16, { error: imageSize })
          .default(480),
        imagenet_default_mean_and_std: flag(false),
        prompt_type: z.enum(['none', 'prev_output'], { error: '"none" or "prev_output"' }).default('none'),
        gen_type: z.enum(['generation', 'traverse'], { error: '"generation" or "traverse"' }).default('generation'),
        answer2label: z.string({ error: fileRule }).min(1, { error: fileRule }).optional(),
        prompt: z
          .string({ error: promptRule })
          .regex(/^[^{}]*(?:\{\}[^{}]*){1,2}$/, { error: promptRule })
          .optional(),
      },
      { error: 'an object' },
    )
    .prefault({}),
});
