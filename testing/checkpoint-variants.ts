import type { CheckpointOptions, CheckpointShape } from './checkpoint-tensors.ts';
import { seedOf } from './random.ts';

/** Element types in which a checkpoint's weights may be stored. */
export type VariantDtype = 'float32' | 'float16' | 'bfloat16';

/** How the weights lie in their file. */
type VariantLayout =
  /** pytorch_model.bin as torch.save writes it: tied tensors share a storage. */
  | 'torch'
  /** pytorch_model.bin whose tensors are views: column-major, with gaps, and several in one storage. */
  | 'torch-views'
  /** model.safetensors with a copy of each tied tensor. */
  | 'safetensors'
  /** model.safetensors with one name for each group of tied tensors, as Hugging Face's tools leave it. */
  | 'safetensors-one-name';

/** The fields of config.json that a variant may set. */
export interface VariantConfig extends CheckpointShape {
  readonly attn_scale_factor: number;
  readonly scale_embedding: boolean;
  readonly entangle_position_embedding: boolean;
  readonly disable_entangle: boolean;
}

/** The fields of configuration.json's `model` that a variant may set. */
export interface VariantTask {
  readonly max_src_length: number;
  readonly patch_image_size: number;
  readonly imagenet_default_mean_and_std: boolean;
  readonly prompt_type: 'none' | 'prev_output';
  readonly gen_type: 'traverse' | 'generation';
}

/** A small random checkpoint, fully determined by these values. */
export interface Variant {
  readonly name: string;
  readonly seed: number;
  readonly config: VariantConfig;
  readonly task: VariantTask;
  /** Of words that the small vocabulary holds whole: each word is one token. */
  readonly answers: readonly string[];
  readonly dtype: VariantDtype;
  readonly layout: VariantLayout;
  /** Channels of the trunk's first convolution. */
  readonly baseWidth: number;
  /** Whether and how the tables of buckets are stored. */
  readonly buffers: CheckpointOptions['buffers'];
  /** Tokens of each case, `<s>` and `</s>` included. */
  readonly lengths: readonly [number, number, number];
}

/** What a variant sets apart from the plain model. */
export interface VariantChanges extends Partial<Omit<Variant, 'name' | 'config' | 'task'>> {
  readonly config?: Partial<VariantConfig>;
  readonly task?: Partial<VariantTask>;
}

const PLAIN_CONFIG: VariantConfig = {
  vocab_size: 400,
  d_model: 32,
  encoder_layers: 2,
  decoder_layers: 2,
  encoder_attention_heads: 4,
  decoder_attention_heads: 4,
  encoder_ffn_dim: 64,
  decoder_ffn_dim: 64,
  resnet_type: 'resnet18',
  token_bucket_size: 32,
  image_bucket_size: 6,
  max_position_embeddings: 128,
  attn_scale_factor: 2,
  normformer: true,
  layernorm_embedding: true,
  patch_layernorm_embedding: true,
  add_type_embedding: true,
  share_decoder_input_output_embed: true,
  encoder_normalize_before: true,
  decoder_normalize_before: true,
  scale_embedding: false,
  entangle_position_embedding: false,
  disable_entangle: false,
  share_attn_bias: false,
  use_gamma_feature: false,
};

const PLAIN_TASK: VariantTask = {
  max_src_length: 80,
  patch_image_size: 64,
  imagenet_default_mean_and_std: false,
  prompt_type: 'none',
  gen_type: 'traverse',
};

/** The plain small model with some changes; the seed depends on the name alone unless it is given. */
export function variant(name: string, changes: VariantChanges = {}): Variant {
  return {
    seed: seedOf(0, name),
    answers: ['yes', 'no', 'maybe'],
    dtype: 'float32',
    layout: 'torch',
    baseWidth: 4,
    buffers: 'none',
    lengths: [6, 15, 34],
    ...changes,
    name,
    config: { ...PLAIN_CONFIG, ...changes.config },
    task: { ...PLAIN_TASK, ...changes.task },
  };
}

const PREV_OUTPUT = { prompt_type: 'prev_output' } as const;
const POST_NORM = { encoder_normalize_before: false, decoder_normalize_before: false };

/** Each switch of the architecture alone. */
const SWITCHES: readonly Variant[] = [
  variant('plain'),
  variant('share_attn_bias', { config: { share_attn_bias: true } }),
  variant('scale_embedding', { config: { scale_embedding: true } }),
  variant('no normformer', { config: { normformer: false } }),
  variant('no add_type_embedding', { config: { add_type_embedding: false } }),
  variant('no layernorm_embedding', { config: { layernorm_embedding: false } }),
  variant('no patch_layernorm_embedding', { config: { patch_layernorm_embedding: false } }),
  variant('entangle_position_embedding', { config: { entangle_position_embedding: true } }),
  variant('disable_entangle', { config: { entangle_position_embedding: true, disable_entangle: true } }),
  variant('use_gamma_feature', { config: { use_gamma_feature: true } }),
  variant('post-norm encoder', { config: { encoder_normalize_before: false } }),
  variant('post-norm decoder', { config: { decoder_normalize_before: false } }),
  variant('untied projection', { config: { share_decoder_input_output_embed: false } }),
  variant('attn_scale_factor', { config: { attn_scale_factor: 5 } }),
  variant('prompt_type prev_output', { task: PREV_OUTPUT }),
  variant('imagenet_default_mean_and_std', { task: { imagenet_default_mean_and_std: true } }),
  variant('gen_type generation', { task: { gen_type: 'generation' } }),
];

/** Sizes and depths. */
const SHAPES: readonly Variant[] = [
  variant('resnet34', { config: { resnet_type: 'resnet34' } }),
  variant('resnet50', { config: { resnet_type: 'resnet50' } }),
  variant('resnet101', { config: { resnet_type: 'resnet101' }, baseWidth: 2 }),
  variant('resnet152', { config: { resnet_type: 'resnet152' }, baseWidth: 2 }),
  variant('larger picture', { task: { patch_image_size: 96 } }),
  variant('image as large as its buckets', { config: { image_bucket_size: 4 } }),
  variant('far buckets', { config: { token_bucket_size: 8 }, lengths: [12, 45, 82] }),
  variant('far buckets in the decoder', {
    config: { token_bucket_size: 8 },
    task: PREV_OUTPUT,
    lengths: [12, 30, 60],
    seed: 3,
  }),
  // The longest text, padded to 56 tokens, is longer than the table of positions with its 53 rows.
  variant('fewer positions than padding', { config: { max_position_embeddings: 51 }, lengths: [6, 15, 51] }),
  variant('stored buckets', { buffers: 'computed' }),
  variant('stored buckets unlike the formula', { buffers: 'mirrored', task: PREV_OUTPUT }),
  variant('unequal sides', {
    config: {
      d_model: 36,
      encoder_layers: 3,
      decoder_layers: 1,
      encoder_attention_heads: 6,
      decoder_attention_heads: 3,
      encoder_ffn_dim: 40,
      decoder_ffn_dim: 56,
    },
    task: PREV_OUTPUT,
  }),
];

/** Answers of several tokens, and answers that begin alike. */
const ANSWERS: readonly Variant[] = [
  variant('two answers', { answers: ['no', 'yes'] }),
  variant('five answers', { answers: ['yes', 'no', 'maybe', 'perhaps', 'definitely'] }),
  variant('three-token answers', { answers: ['definitely is two', 'perhaps not there', 'no yes maybe'] }),
  variant('answers that begin alike', { answers: ['definitely yes', 'definitely not', 'definitely maybe'] }),
  variant('an answer that begins another', { answers: ['is', 'is not', 'no'] }),
  variant('a chain of beginnings', { answers: ['is not there', 'is', 'is not', 'maybe', 'is it'] }),
  variant('beginnings after prev_output', { answers: ['is', 'is not', 'is not there'], task: PREV_OUTPUT }),
  variant('long answers after prev_output', {
    answers: ['yes', 'perhaps not there is one', 'definitely not'],
    task: PREV_OUTPUT,
    config: { token_bucket_size: 8 },
  }),
];

/** The same arithmetic from files of other kinds. */
const FILES: readonly Variant[] = [
  variant('bfloat16', { dtype: 'bfloat16' }),
  variant('float16', { dtype: 'float16' }),
  variant('safetensors', { layout: 'safetensors' }),
  variant('safetensors in bfloat16', { layout: 'safetensors', dtype: 'bfloat16' }),
  variant('safetensors with one name for tied tensors', { layout: 'safetensors-one-name' }),
  variant('strided views', { layout: 'torch-views' }),
  variant('strided views in float16', { layout: 'torch-views', dtype: 'float16' }),
];

/** Switches together, where one may hide another. */
const COMBINATIONS: readonly Variant[] = [
  variant('post-norm, gamma, no normformer', {
    config: { ...POST_NORM, use_gamma_feature: true, normformer: false },
    answers: ['is', 'is not', 'no'],
  }),
  variant('scaled, entangled, no type embedding, shared bias', {
    config: {
      scale_embedding: true,
      entangle_position_embedding: true,
      add_type_embedding: false,
      share_attn_bias: true,
    },
    task: PREV_OUTPUT,
  }),
  variant('no LayerNorm on embeddings, scaled, post-norm', {
    config: {
      ...POST_NORM,
      layernorm_embedding: false,
      patch_layernorm_embedding: false,
      scale_embedding: true,
    },
  }),
  variant('everything at once', {
    config: {
      ...POST_NORM,
      share_attn_bias: true,
      scale_embedding: true,
      entangle_position_embedding: true,
      use_gamma_feature: true,
      share_decoder_input_output_embed: false,
      token_bucket_size: 8,
      resnet_type: 'resnet50',
    },
    task: { ...PREV_OUTPUT, imagenet_default_mean_and_std: true, patch_image_size: 96 },
    answers: ['is', 'is not there', 'definitely not', 'no', 'maybe'],
    dtype: 'float16',
    layout: 'torch-views',
  }),
];

/** Every small checkpoint that a compiler has to get right, by kind. */
export const VARIANTS: readonly Variant[] = [...SWITCHES, ...SHAPES, ...ANSWERS, ...FILES, ...COMBINATIONS];
