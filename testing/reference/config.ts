/** The fields of config.json that affect the arithmetic. */
export interface ReferenceConfig {
  d_model: number;
  encoder_layers: number;
  decoder_layers: number;
  encoder_attention_heads: number;
  decoder_attention_heads: number;
  token_bucket_size: number;
  image_bucket_size: number;
  attn_scale_factor: number;
  bos_token_id: number;
  eos_token_id: number;
  normformer: boolean;
  layernorm_embedding: boolean;
  patch_layernorm_embedding: boolean;
  add_type_embedding: boolean;
  share_decoder_input_output_embed: boolean;
  encoder_normalize_before: boolean;
  decoder_normalize_before: boolean;
  scale_embedding: boolean;
  entangle_position_embedding: boolean;
  disable_entangle: boolean;
  share_attn_bias: boolean;
  use_gamma_feature: boolean;
}

/** The fields of `model` in configuration.json that affect the arithmetic. */
export interface ReferenceTask {
  patch_image_size: number;
  imagenet_default_mean_and_std: boolean;
  prompt_type: string;
}

/** Defaults of config.json. */
const CONFIG_DEFAULTS: ReferenceConfig = {
  d_model: 512,
  encoder_layers: 4,
  decoder_layers: 4,
  encoder_attention_heads: 8,
  decoder_attention_heads: 8,
  token_bucket_size: 256,
  image_bucket_size: 42,
  attn_scale_factor: 2,
  bos_token_id: 0,
  eos_token_id: 2,
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

/** Defaults of `model` in configuration.json. */
const TASK_DEFAULTS: ReferenceTask = {
  patch_image_size: 480,
  imagenet_default_mean_and_std: false,
  prompt_type: 'none',
};

/** Adds the defaults to a parsed config.json. */
export function withConfigDefaults(config: Partial<ReferenceConfig>): ReferenceConfig {
  return { ...CONFIG_DEFAULTS, ...config };
}

/** Adds the defaults to `model` of a parsed configuration.json. */
export function withTaskDefaults(task: Partial<ReferenceTask>): ReferenceTask {
  return { ...TASK_DEFAULTS, ...task };
}

/** The factor of token and image embeddings. */
export function embedScale(config: ReferenceConfig): number {
  return config.scale_embedding ? Math.sqrt(config.d_model) : 1;
}
