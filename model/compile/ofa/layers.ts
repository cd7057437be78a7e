import type { OfaConfig } from '../checkpoint/index.ts';
import type { Value } from '../onnx/graph.ts';
import type { Emitter } from './emitter.ts';
import type { Parameters } from './parameters.ts';

type Vector = () => Promise<Float32Array>;

/** x + branch(LayerNorm(x)), or LayerNorm(x + branch(x)) where the norm comes after. */
export function residual(
  emitter: Emitter,
  parameters: Parameters,
  normName: string,
  normBefore: boolean,
  x: Value,
  branch: (h: Value) => Value,
): Value {
  if (normBefore) return emitter.ops.add(x, branch(emitter.layerNorm(x, parameters, normName)));
  return emitter.layerNorm(emitter.ops.add(x, branch(x)), parameters, normName);
}

/** fc2(ffn_layer_norm(gelu(fc1(h)))), the inner norm where the model is a normformer. */
export function feedForward(
  emitter: Emitter,
  parameters: Parameters,
  config: OfaConfig,
  inner: number,
  h: Value,
): Value {
  const width = config.dModel;
  const wide = emitter.ops.gelu(emitter.linear(h, parameters, 'fc1', width, inner));
  const normed = config.normformer ? emitter.layerNorm(wide, parameters, 'ffn_layer_norm') : wide;
  return emitter.linear(normed, parameters, 'fc2', inner, width, {
    outputScale: gamma(parameters, config, 'weight_ffn'),
  });
}

/** What the result of an attention goes through before it is added. */
export interface AttentionOutput {
  /** `self_attn` or `cross_attn`. */
  readonly name: 'self_attn' | 'cross_attn';
  readonly heads: number;
  /** Constant part of the heads' results, which was left out of them. */
  readonly shift?: Vector;
}

/** The heads' results, joined, times `c_attn`, through `out_proj` and the middle LayerNorm. */
export function attentionOutput(
  emitter: Emitter,
  parameters: Parameters,
  config: OfaConfig,
  { name, heads, shift }: AttentionOutput,
  joined: Value,
): Value {
  const width = config.dModel;
  const attention = parameters.at(name);
  const scale = gamma(parameters, config, `weight_${name}`);
  const perHead = attention.has('c_attn') ? attention.get('c_attn', [heads]) : undefined;
  const out = emitter.linear(joined, attention, 'out_proj', width, width, {
    ...(perHead && { inputScale: async () => spread(await perHead.read(), width) }),
    ...(shift && { inputShift: shift }),
    outputScale: config.normformer ? undefined : scale,
  });
  return config.normformer ? emitter.layerNorm(out, parameters, `${name}_mid_layer_norm`, scale) : out;
}

/** The factor by which a head's scores are scaled: (head width * attn_scale_factor)^-0.5. */
export function scoreScale(config: OfaConfig, heads: number): number {
  return ((config.dModel / heads) * config.attnScaleFactor) ** -0.5;
}

/** Each value repeated so that all together are `width` long. */
function spread(values: Float32Array, width: number): Float32Array {
  const run = width / values.length;
  return Float32Array.from({ length: width }, (_, at) => values[Math.floor(at / run)] ?? 1);
}

function gamma(parameters: Parameters, config: OfaConfig, name: string): Vector | undefined {
  if (!config.useGammaFeature) return undefined;
  // The reference renames `gamma` to `weight` as it loads, so a file may have either.
  const stored = parameters.has(name) ? name : name.replace('weight_', 'gamma_');
  const parameter = parameters.get(stored, [config.dModel]);
  return () => parameter.read();
}
