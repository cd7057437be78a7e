import { attention } from './attention.ts';
import { embedScale, type ReferenceConfig } from './config.ts';
import type { EncoderOutput } from './encoder.ts';
import { feedForward, normformer, residual } from './layers.ts';
import { add, scale, type Matrix } from './matrix.ts';
import { absoluteBias, addTokenDistances, textPositions, type Bias } from './positions.ts';
import { embed, layerNorm, matrix, type Weights } from './weights.ts';

/** The decoder's states for a prefix of tokens, one row per token, before the projection to logits. */
export function decode(
  weights: Weights,
  config: ReferenceConfig,
  encoded: EncoderOutput,
  prefix: readonly number[],
): Matrix {
  const raw = textPositions(weights, 'decoder', prefix.length);
  const target = layerNorm(weights, 'decoder.pos_ln', raw);
  const shape = { heads: config.decoder_attention_heads, scaleFactor: config.attn_scale_factor };
  const selfBias = absoluteBias(
    weights,
    { query: 'decoder.self_pos_q_linear', key: 'decoder.self_pos_k_linear' },
    { query: target, key: target },
    shape,
  );
  const crossBias = absoluteBias(
    weights,
    { query: 'decoder.cross_pos_q_linear', key: 'decoder.cross_pos_k_linear' },
    { query: target, key: encoded.positions },
    shape,
  );
  const square = { offset: 0, length: prefix.length };
  let x = embedPrefix(weights, config, prefix, raw);
  for (let index = 0; index < config.decoder_layers; index++) {
    const bias = {
      self: addTokenDistances(weights, 'decoder', config, index, selfBias, square),
      cross: crossBias,
    };
    x = decoderLayer(weights, config, `decoder.layers.${index}`, encoded, bias, x);
  }
  return config.decoder_normalize_before ? layerNorm(weights, 'decoder.layer_norm', x) : x;
}

/** The output projection [vocabulary, width]: a row times a state is a logit. */
export function projection(weights: Weights, config: ReferenceConfig): Matrix {
  return matrix(
    weights,
    config.share_decoder_input_output_embed ? 'decoder.embed_tokens.weight' : 'decoder.output_projection.weight',
  );
}

function decoderLayer(
  weights: Weights,
  config: ReferenceConfig,
  layer: string,
  encoded: EncoderOutput,
  bias: { self: Bias; cross: Bias },
  input: Matrix,
): Matrix {
  const branch = { layer, normalizeBefore: config.decoder_normalize_before };
  const shape = { heads: config.decoder_attention_heads, scaleFactor: config.attn_scale_factor };
  const self = { ...branch, norm: 'self_attn_layer_norm', gamma: 'weight_self_attn' };
  let x = residual(weights, config, self, input, (queries) => {
    const options = { ...shape, bias: bias.self, causal: true };
    const attended = attention(weights, `${layer}.self_attn`, queries, queries, options);
    return normformer(weights, config, `${layer}.self_attn_mid_layer_norm`, attended);
  });
  const cross = { ...branch, norm: 'cross_attn_layer_norm', gamma: 'weight_cross_attn' };
  x = residual(weights, config, cross, x, (queries) => {
    const options = { ...shape, bias: bias.cross, causal: false };
    const attended = attention(weights, `${layer}.cross_attn`, queries, encoded.states, options);
    return normformer(weights, config, `${layer}.cross_attn_mid_layer_norm`, attended);
  });
  const feed = { ...branch, norm: 'final_layer_norm', gamma: 'weight_ffn' };
  return residual(weights, config, feed, x, (states) => feedForward(weights, config, layer, states));
}

function embedPrefix(weights: Weights, config: ReferenceConfig, prefix: readonly number[], positions: Matrix): Matrix {
  const tokens = embed(matrix(weights, 'decoder.embed_tokens.weight'), prefix);
  const scaled = scale(tokens, embedScale(config));
  const entangled = config.entangle_position_embedding && !config.disable_entangle;
  const x = entangled ? add(scaled, positions) : scaled;
  return config.layernorm_embedding ? layerNorm(weights, 'decoder.layernorm_embedding', x) : x;
}
