import type { Value } from '../onnx/graph.ts';
import { transposed } from './arithmetic.ts';
import { type DecoderInputs, type DecoderPrompt, fixedPrompt, textPrompt } from './decoder-prompt.ts';
import { attentionOutput, feedForward, residual, scoreScale } from './layers.ts';
import type { Module } from './module.ts';
import { textPromptWithNodes } from './prompt-nodes.ts';

/** The decoder's last states [1 or B, L, width], before the final LayerNorm, and what its L rows are. */
export interface DecoderOutput {
  readonly states: Value;
  readonly prompt: DecoderPrompt;
}

/**
 * The decoder over its prompt and the inner nodes of the answer trie, in one pass (TransformerDecoder in
 * models/ofa/unify_transformer.py of OFA-Sys/OFA).
 *
 * @param decoder the module `decoder`
 */
export function decode(decoder: Module, inputs: DecoderInputs, promptType: 'none' | 'prev_output'): DecoderOutput {
  const { config, graph } = decoder;
  const makePrompt =
    promptType === 'none' ? fixedPrompt : inputs.trie.inner.length === 0 ? textPrompt : textPromptWithNodes;
  const prompt = graph.scope('prompt', () => makePrompt(decoder, inputs));
  const sources = inputs.encoded.states;
  const cross: CrossInputs = {
    sources,
    sourcesT: graph.transpose(sources, [0, 2, 1]),
    bias: prompt.crossBias,
    penalty: inputs.encoded.penalty,
  };
  let x = config.layernormEmbedding ? decoder.layerNorm('layernorm_embedding', prompt.tokens) : prompt.tokens;
  let selfBias: Value | undefined;
  for (let layer = 0; layer < config.decoderLayers; layer++) {
    x = graph.scope(`layers.${layer}`, () => {
      if (layer === 0 || !config.shareAttnBias) {
        selfBias = graph.scope('bias', () => prompt.selfBias(layer));
      }
      return decoderLayer(decoder.at('layers', layer), x, selfBias, cross);
    });
  }
  return { states: x, prompt };
}

/** What every cross-attention reads besides the decoder's states. */
interface CrossInputs {
  /** The encoder's states, [B, S, width]. */
  readonly sources: Value;
  /** [B, width, S]. */
  readonly sourcesT: Value;
  /** float32 [1 or B, heads * L, S]. */
  readonly bias: Value;
  /** float32 [B, 1, S], see EncoderOutput. */
  readonly penalty: Value;
}

/** Self-attention, cross-attention and feed-forward branch of one layer: [1 or B, L, width] to [B, L, width]. */
function decoderLayer(layer: Module, x: Value, selfBias: Value | undefined, cross: CrossInputs): Value {
  const { config } = layer;
  const heads = config.decoderAttentionHeads;
  const before = config.decoderNormalizeBefore;
  const attended = residual(layer, 'self_attn_layer_norm', before, x, (h) =>
    attentionOutput(layer, 'self_attn', heads, selfAttention(layer.at('self_attn'), h, selfBias)),
  );
  const crossed = residual(layer, 'cross_attn_layer_norm', before, attended, (h) => {
    const joined = crossAttention(layer.at('cross_attn'), h, cross);
    const valueBias = layer.parameters.get('cross_attn.v_proj.bias', [config.dModel]);
    return attentionOutput(layer, 'cross_attn', heads, joined, valueBias.read);
  });
  return residual(layer, 'final_layer_norm', before, crossed, (h) => feedForward(layer, config.decoderFfnDim, h));
}

function selfAttention(attention: Module, h: Value, bias: Value | undefined): Value {
  const { config, graph } = attention;
  const width = config.dModel;
  const heads = config.decoderAttentionHeads;
  const v = attention.linear('v_proj', h, width);
  // A single position attends to itself with weight 1.
  if (!bias) return v;
  const q = attention.linear('q_proj', h, width, { scale: scoreScale(config, heads) });
  const k = attention.linear('k_proj', h, width);
  return graph.attention(q, k, v, heads, { bias });
}

/**
 * Attention to the encoder's states without projecting them: q (W_k x)^T = (q W_k) x^T, and the weighted mean
 * of W_v x is W_v times the weighted mean of x. With few queries and many sources that saves nearly all of the
 * work: the projections of 930 sources would cost OFA-large 24 G multiply-adds per answer. The bias of W_k adds
 * the same to all scores of a query, which softmax ignores. The bias of W_v is added by the output projection.
 *
 * @param h [1 or B, L, width]
 * @returns the results of all heads, [B, L, heads * head width]
 */
function crossAttention(attention: Module, h: Value, cross: CrossInputs): Value {
  const { config, graph, parameters } = attention;
  const width = config.dModel;
  const heads = config.decoderAttentionHeads;
  const headWidth = width / heads;
  const keyWeight = parameters.get('k_proj.weight', [width, width]);
  const valueWeight = parameters.get('v_proj.weight', [width, width]);
  const keys = attention.constant(keyWeight.name, [heads, headWidth, width], keyWeight.read);
  const values = attention.constant(valueWeight.name, [heads, width, headWidth], async () =>
    transposedHeads(await valueWeight.read(), heads, width),
  );

  const q = attention.linear('q_proj', h, width, { scale: scoreScale(config, heads) });
  const split = graph.transpose(graph.reshape(q, [0, 0, heads, headWidth]), [0, 2, 1, 3]);
  const queries = graph.reshape(graph.matMul(split, keys), [0, -1, width]);
  const scores = graph.cast(graph.matMul(queries, cross.sourcesT), 'float32');
  const weights = graph.softmax(graph.add(graph.add(scores, cross.bias), cross.penalty));
  const means = graph.matMul(graph.cast(weights, attention.float), cross.sources);
  const results = graph.matMul(graph.reshape(means, [0, heads, -1, width]), values);
  return graph.reshape(graph.transpose(results, [0, 2, 1, 3]), [0, 0, width]);
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
