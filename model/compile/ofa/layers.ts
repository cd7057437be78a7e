import type { OfaConfig } from '../checkpoint/config.ts';
import type { Value } from '../onnx/graph.ts';
import type { Module, Vector } from './module.ts';

// The parts that encoder and decoder layers share. Reference: models/ofa/unify_transformer_layer.py and
// models/ofa/unify_multihead_attention.py of OFA-Sys/OFA. `layer` is the module of one layer.

/** A residual connection: x + branch(norm(x)), or norm(x + branch(x)) unless `normBefore`. */
export function residual(
  layer: Module,
  norm: string,
  normBefore: boolean,
  x: Value,
  branch: (h: Value) => Value,
): Value {
  if (normBefore) return layer.graph.add(x, branch(layer.layerNorm(norm, x)));
  return layer.layerNorm(norm, layer.graph.add(x, branch(x)));
}

/** fc2(ffn_layer_norm(gelu(fc1(h)))). Only a NormFormer has the inner norm. */
export function feedForward(layer: Module, inner: number, h: Value): Value {
  const { config, graph } = layer;
  const wide = graph.gelu(layer.linear('fc1', h, inner));
  const normed = config.normformer ? layer.layerNorm('ffn_layer_norm', wide) : wide;
  return layer.linear('fc2', normed, config.dModel, { outputScale: gamma(layer, 'weight_ffn') });
}

/**
 * The end of an attention: c_attn scales the heads, out_proj mixes them, then comes the middle LayerNorm of a
 * NormFormer.
 *
 * @param joined results of all heads, [B, L, heads * head width]
 * @param shift constant part of the heads' results that is missing from `joined`
 */
export function attentionOutput(
  layer: Module,
  name: 'self_attn' | 'cross_attn',
  heads: number,
  joined: Value,
  shift?: Vector,
): Value {
  const { config, parameters } = layer.at(name);
  const width = config.dModel;
  const outputScale = gamma(layer, `weight_${name}`);
  const perHead = parameters.has('c_attn') ? parameters.get('c_attn', [heads]) : undefined;
  const out = layer.at(name).linear('out_proj', joined, width, {
    inputScale: perHead && (async () => spread(await perHead.read(), width)),
    inputShift: shift,
    outputScale: config.normformer ? undefined : outputScale,
  });
  return config.normformer ? layer.layerNorm(`${name}_mid_layer_norm`, out, outputScale) : out;
}

/** The factor of attention scores and of the absolute position bias: (head width * attn_scale_factor)^-0.5. */
export function scoreScale(config: OfaConfig, heads: number): number {
  return ((config.dModel / heads) * config.attnScaleFactor) ** -0.5;
}

/** Each value repeated, to `width` values in total. */
function spread(values: Float32Array, width: number): Float32Array {
  const run = width / values.length;
  return Float32Array.from({ length: width }, (_, at) => values[Math.floor(at / run)] ?? 1);
}

/** The learned scale of a residual branch (`use_gamma_feature`), [width]. */
function gamma({ config, parameters }: Module, name: string): Vector | undefined {
  if (!config.useGammaFeature) return undefined;
  // The reference renames `gamma` to `weight` when it loads a checkpoint, so a file may have either.
  const stored = parameters.has(name) ? name : name.replace('weight_', 'gamma_');
  return parameters.get(stored, [config.dModel]).read;
}
