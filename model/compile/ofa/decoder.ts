import type { Value } from '../onnx/graph.ts';
import { transposed } from './arithmetic.ts';
import type { DecoderContext, DecoderPrompt } from './decoder-context.ts';
import { attentionOutput, feedForward, residual, scoreScale } from './layers.ts';
import { fixedPrompt } from './prompt-fixed.ts';
import { textPromptWithNodes } from './prompt-nodes.ts';
import { textPrompt } from './prompt-text.ts';
import type { Parameters } from './parameters.ts';

/** The decoder's last states, before the final LayerNorm, and where in them each node of the trie is. */
export interface DecoderOutput {
  readonly states: Value;
  readonly prompt: DecoderPrompt;
}

/** Runs the decoder over its prompt and the inner nodes of the answers' trie, in one pass. */
export function decoder(
  context: DecoderContext,
  promptType: 'none' | 'prev_output',
  inputIds: Value,
): DecoderOutput {
  const { emitter, parameters, config, encoded } = context;
  const { builder, ops } = emitter;
  const prompt = builder.scope('prompt', () => makePrompt(context, promptType, inputIds));
  const sourcesT = ops.transpose(encoded.states, [0, 2, 1]);
  let x = config.layernormEmbedding
    ? emitter.layerNorm(prompt.tokens, parameters, 'layernorm_embedding')
    : prompt.tokens;
  let selfBias: Value | undefined;
  for (let layer = 0; layer < config.decoderLayers; layer++) {
    x = builder.scope(`layers.${layer}`, () => {
      if (layer === 0 || !config.shareAttnBias)
        selfBias = builder.scope('bias', () => prompt.selfBias(layer));
      return decoderLayer(context, x, layer, selfBias, prompt.crossBias, sourcesT);
    });
  }
  return { states: x, prompt };
}

function makePrompt(
  context: DecoderContext,
  promptType: 'none' | 'prev_output',
  inputIds: Value,
): DecoderPrompt {
  if (promptType === 'none') return fixedPrompt(context);
  return context.trie.inner.length === 0
    ? textPrompt(context, inputIds)
    : textPromptWithNodes(context, inputIds);
}

function decoderLayer(
  context: DecoderContext,
  x: Value,
  layer: number,
  selfBias: Value | undefined,
  crossBias: Value,
  sourcesT: Value,
): Value {
  const { emitter, config, encoded } = context;
  const own = context.parameters.at('layers', layer);
  const heads = config.decoderHeads;
  const before = config.decoderNormalizeBefore;
  const looked = residual(emitter, own, 'self_attn_layer_norm', before, x, (h) =>
    attentionOutput(
      emitter,
      own,
      config,
      { name: 'self_attn', heads },
      selfAttention(context, own, h, selfBias),
    ),
  );
  const crossed = residual(emitter, own, 'cross_attn_layer_norm', before, looked, (h) => {
    const mixed = crossAttention(context, own, h, crossBias, encoded.states, sourcesT);
    const values = own.get('cross_attn.v_proj.bias', [config.dModel]);
    const shift = (): Promise<Float32Array> => values.read();
    return attentionOutput(emitter, own, config, { name: 'cross_attn', heads, shift }, mixed);
  });
  return residual(emitter, own, 'final_layer_norm', before, crossed, (h) =>
    feedForward(emitter, own, config, config.decoderFfnDim, h),
  );
}

function selfAttention(
  { emitter, config }: DecoderContext,
  layer: Parameters,
  h: Value,
  bias: Value | undefined,
): Value {
  const attention = layer.at('self_attn');
  const width = config.dModel;
  const v = emitter.linear(h, attention, 'v_proj', width, width);
  // A single position attends to itself with weight 1.
  if (!bias) return v;
  const scale = scoreScale(config, config.decoderHeads);
  const q = emitter.linear(h, attention, 'q_proj', width, width, { scale });
  const k = emitter.linear(h, attention, 'k_proj', width, width);
  return emitter.ops.attention(q, k, v, config.decoderHeads, { bias });
}

/**
 * Attention to the encoder's states without projecting them: q (W_k x)^T = (q W_k) x^T, and the weighted mean
 * of W_v x is W_v times the weighted mean of x. With few queries and many sources that saves nearly all of the
 * work: the projections of 930 sources would cost OFA-large 24 G multiply-adds an answer. The bias of W_k adds
 * the same to all scores of a query, which softmax ignores; that of W_v is left to the output projection.
 *
 * @param h [1 or B, L, width]
 * @returns the heads' results, joined: [B, L, width]
 */
function crossAttention(
  { emitter, config, encoded }: DecoderContext,
  layer: Parameters,
  h: Value,
  bias: Value,
  sources: Value,
  sourcesT: Value,
): Value {
  const { ops } = emitter;
  const attention = layer.at('cross_attn');
  const width = config.dModel;
  const heads = config.decoderHeads;
  const headWidth = width / heads;
  const byHead = (
    name: string,
    shape: readonly number[],
    arrange: (w: Float32Array) => Float32Array,
  ): Value => {
    const weight = attention.get(`${name}.weight`, [width, width]);
    return emitter.constant(weight.name, shape, async () => arrange(await weight.read()));
  };
  const keys = byHead('k_proj', [heads, headWidth, width], (w) => w);
  const values = byHead('v_proj', [heads, width, headWidth], (w) => transposedHeads(w, heads, width));

  const q = emitter.linear(h, attention, 'q_proj', width, width, { scale: scoreScale(config, heads) });
  const split = ops.transpose(ops.reshape(q, [0, 0, heads, headWidth]), [0, 2, 1, 3]);
  const queries = ops.reshape(ops.matMul(split, keys), [0, -1, width]);
  const scores = emitter.cast(ops.matMul(queries, sourcesT), 'float32');
  const weights = ops.softmax(ops.add(ops.add(scores, bias), encoded.penalty));
  const means = ops.reshape(ops.matMul(emitter.cast(weights, emitter.float), sources), [0, heads, -1, width]);
  const results = ops.transpose(ops.matMul(means, values), [0, 2, 1, 3]);
  return ops.reshape(results, [0, 0, width]);
}

/** [heads * n, width] to [heads, width, n]. */
function transposedHeads(weight: Float32Array, heads: number, width: number): Float32Array {
  const out = new Float32Array(weight.length);
  const size = weight.length / heads;
  for (let head = 0; head < heads; head++) {
    const part = weight.subarray(head * size, (head + 1) * size);
    out.set(transposed(part, size / width, width), head * size);
  }
  return out;
}
