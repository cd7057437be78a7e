import { attention } from './attention.ts';
import { embedScale, type ReferenceConfig, type ReferenceTask } from './config.ts';
import { feedForward, normformer, residual } from './layers.ts';
import { add, addToRows, rowOf, scale, stack, type Matrix } from './matrix.ts';
import {
  absoluteBias,
  addImageDistances,
  addTokenDistances,
  encoderPositions,
  imagePositions,
  textPositions,
} from './positions.ts';
import { normalise, toSequence, trunk } from './trunk.ts';
import { embed, layerNorm, linear, matrix, type Weights } from './weights.ts';

/** The encoder's last states and its normalised positions, image then text. */
export interface EncoderOutput {
  readonly states: Matrix;
  readonly positions: Matrix;
}

/** The image trunk and the encoder: pixels and text to states. */
export function encode(
  weights: Weights,
  config: ReferenceConfig,
  task: ReferenceTask,
  pixels: Uint8Array,
  inputIds: readonly number[],
): EncoderOutput {
  const features = trunk(weights, normalise(pixels, task));
  const grid = features.width;
  const rawImage = imagePositions(weights, config, grid);
  const rawText = textPositions(weights, 'encoder', inputIds.length);
  let x = stack(
    embedImage(weights, config, toSequence(features), rawImage),
    embedText(weights, config, inputIds, rawText),
  );

  const positions = stack(...encoderPositions(weights, rawImage, rawText));
  const heads = config.encoder_attention_heads;
  const absolute = absoluteBias(
    weights,
    { query: 'encoder.pos_q_linear', key: 'encoder.pos_k_linear' },
    { query: positions, key: positions },
    { heads, scaleFactor: config.attn_scale_factor },
  );
  const text = { offset: rawImage.rows, length: inputIds.length };
  for (let index = 0; index < config.encoder_layers; index++) {
    const withImage = addImageDistances(weights, config, index, absolute, grid);
    const bias = addTokenDistances(weights, 'encoder', config, index, withImage, text);
    const layer = `encoder.layers.${index}`;
    const branch = { layer, normalizeBefore: config.encoder_normalize_before };
    const attend = { ...branch, norm: 'self_attn_layer_norm', gamma: 'weight_self_attn' };
    x = residual(weights, config, attend, x, (input) => {
      const options = { heads, scaleFactor: config.attn_scale_factor, bias, causal: false };
      const attended = attention(weights, `${layer}.self_attn`, input, input, options);
      return normformer(weights, config, `${layer}.self_attn_mid_layer_norm`, attended);
    });
    const feed = { ...branch, norm: 'final_layer_norm', gamma: 'weight_ffn' };
    x = residual(weights, config, feed, x, (input) => feedForward(weights, config, layer, input));
  }
  const states = config.encoder_normalize_before ? layerNorm(weights, 'encoder.layer_norm', x) : x;
  return { states, positions };
}

function embedText(weights: Weights, config: ReferenceConfig, inputIds: readonly number[], positions: Matrix): Matrix {
  const tokens = embed(matrix(weights, 'encoder.embed_tokens.weight'), inputIds);
  const x = withPositionAndType(weights, config, scale(tokens, embedScale(config)), positions, 0);
  return config.layernorm_embedding ? layerNorm(weights, 'encoder.layernorm_embedding', x) : x;
}

function embedImage(weights: Weights, config: ReferenceConfig, features: Matrix, positions: Matrix): Matrix {
  const projected = linear(weights, 'encoder.image_proj', features);
  const x = withPositionAndType(weights, config, scale(projected, embedScale(config)), positions, 1);
  return config.patch_layernorm_embedding ? layerNorm(weights, 'encoder.patch_layernorm_embedding', x) : x;
}

/** Adds the type embedding and, if positions are entangled, the raw position embeddings. */
function withPositionAndType(
  weights: Weights,
  config: ReferenceConfig,
  x: Matrix,
  positions: Matrix,
  type: 0 | 1,
): Matrix {
  const placed = config.entangle_position_embedding ? add(x, positions) : x;
  if (!config.add_type_embedding) return placed;
  return addToRows(placed, rowOf(matrix(weights, 'encoder.type_embedding.weight'), type));
}
