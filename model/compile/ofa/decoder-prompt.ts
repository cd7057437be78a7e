import type { Value } from '../onnx/graph.ts';
import { type AnswerTrie, type TrieNode, lineage } from './answers.ts';
import type { EncoderOutput } from './encoder.ts';
import type { Module } from './module.ts';
import {
  MASKED,
  absoluteBias,
  headByHead,
  normalised,
  range,
  sum,
  textPositions,
  tokenRelativeBias,
} from './position-bias.ts';

/** What the decoder is built from. B: batch, T: tokens, L: rows of the decoder, S: positions of the encoder. */
export interface DecoderInputs {
  /** int64 [B, T], the encoder's text. */
  readonly inputIds: Value;
  /** Token embeddings [rows, width], scaled. */
  readonly tokenTable: Value;
  readonly special: { readonly bos: number; readonly pad: number; readonly eos: number };
  readonly trie: AnswerTrie;
  /** Longest text in tokens, `<s>` and `</s>` included. */
  readonly textLength: number;
  readonly encoded: EncoderOutput;
}

/**
 * The decoder's rows: first the inner nodes of the answer trie, each with its last token, then the prompt. One pass
 * scores all answers: a node sees the prompt, the nodes on its path and itself.
 */
export interface DecoderPrompt {
  /** Embedded tokens before their LayerNorm, [1 or B, L, width]. */
  readonly tokens: Value;
  /** Added to the scores of a layer's self-attention, [1 or B, heads, L, L]; undefined where L is 1. */
  selfBias(layer: number): Value | undefined;
  /** Added to the scores of every cross-attention, float32 [1 or B, heads * L, S]. */
  readonly crossBias: Value;
  /** The state after the tokens of `node`, [B, 1, width], from states [B, L, width]. */
  stateAt(states: Value, node: TrieNode): Value;
}

/** `prompt_type` none: the prompt is `<s>` alone, so tokens, positions and masks are all constant. */
export function fixedPrompt(decoder: Module, inputs: DecoderInputs): DecoderPrompt {
  const { config, graph } = decoder;
  const { trie, encoded } = inputs;
  const nodes = [...trie.inner, trie.root];
  const length = nodes.length;
  const depths = nodes.map((node) => node.depth);
  const ids = nodes.map((node) => node.token ?? inputs.special.bos);
  const visible = (i: number, j: number): boolean => {
    const [from, to] = [nodes[i], nodes[j]];
    return from !== undefined && to !== undefined && lineage(from).includes(to);
  };
  const biases = promptBiases(decoder, inputs, depths);
  const cross = biases.cross([1, config.decoderAttentionHeads * length, encoded.positions.rows]);
  const tokens = graph.gatherRows(inputs.tokenTable, graph.reshape(graph.ints(ids), [1, length]));
  const positions = positionConstant(decoder, depths, [1, length]);
  return {
    tokens: positions ? graph.add(tokens, positions) : tokens,
    selfBias: (layer) => (length === 1 ? undefined : biases.self(layer, visible)),
    crossBias: cutToSources(decoder, inputs, cross, 2),
    stateAt: (states, node) => (length === 1 ? states : graph.pick(states, 1, nodes.indexOf(node))),
  };
}

/** `prompt_type` prev_output without inner nodes: the prompt is the encoder's text without `</s>`. */
export function textPrompt(decoder: Module, inputs: DecoderInputs): DecoderPrompt {
  const { config, graph } = decoder;
  const longest = inputs.textLength - 1;
  const ids = promptIds(decoder, inputs);
  const length = graph.shapeOf(ids, 1, 2);
  const cut = (x: Value, axis: number): Value => graph.slice(x, [0], length, [axis], [longest]);
  const biases = promptBiases(decoder, inputs, range(longest));
  const cross = biases.cross([config.decoderAttentionHeads, longest, inputs.encoded.positions.rows]);
  let tokens = graph.gatherRows(inputs.tokenTable, ids);
  const positions = positionConstant(decoder, range(longest), [1, longest]);
  if (positions) tokens = graph.add(tokens, cut(positions, 1));
  const last = graph.cast(isLastOfPrompt(decoder, inputs), decoder.float);
  return {
    tokens,
    selfBias: (layer) =>
      cut(
        cut(
          biases.self(layer, (i, j) => j <= i),
          2,
        ),
        3,
      ),
    crossBias: graph.reshape(cutToSources(decoder, inputs, cut(cross, 1), 2), [1, -1, 0]),
    stateAt: (states) => graph.matMul(graph.unsqueeze(last, 1), states),
  };
}

/** The end of an axis of any length. */
export const END = 2 ** 31 - 1;

/**
 * int64 [B, T - 1]: the text without its last column, which is `</s>` in the longest text and padding in the others.
 */
export function promptIds({ graph }: Module, { inputIds, textLength }: DecoderInputs): Value {
  return graph.slice(inputIds, [0], graph.ints([-1]), [1], [textLength - 1]);
}

/** bool [B, T - 1]: whether `</s>` comes next. No text contains that token. */
export function isLastOfPrompt({ graph }: Module, { inputIds, special, textLength }: DecoderInputs): Value {
  const following = graph.slice(inputIds, [1], graph.ints([END]), [1], [textLength - 1]);
  return graph.equal(following, graph.ints([special.eos], true));
}

/** A bias [.., S] along `axis`, at the length of the batch. */
export function cutToSources({ graph }: Module, { encoded }: DecoderInputs, bias: Value, axis: number): Value {
  const length = graph.shapeOf(encoded.penalty, 2, 3);
  return graph.slice(bias, [0], length, [axis], [encoded.positions.rows]);
}

/** Constant biases of decoder rows. */
export interface PromptBiases {
  /** Absolute plus relative bias of a layer's self-attention, {@link MASKED} unless `visible`: [1, heads, L, L]. */
  self(layer: number, visible: (i: number, j: number) => boolean, type?: 'float32'): Value;
  /** Absolute bias of the cross-attentions: heads * L * S values in any shape. */
  cross(shape: readonly number[]): Value;
}

/** The biases of decoder rows at the text positions `order`. */
export function promptBiases(decoder: Module, { encoded }: DecoderInputs, order: readonly number[]): PromptBiases {
  const { config } = decoder;
  const heads = config.decoderAttentionHeads;
  const side = order.length;
  const positions = normalised(decoder.at('pos_ln'), textPositions(decoder, order));
  const projections = (kind: 'self' | 'cross') => [`${kind}_pos_q_linear`, `${kind}_pos_k_linear`] as const;
  const self = absoluteBias(decoder, heads, projections('self'), positions, positions);
  const cross = absoluteBias(decoder, heads, projections('cross'), positions, encoded.positions);
  return {
    self(layer, visible, type) {
      const bias = sum(self, tokenRelativeBias(decoder, heads, layer, order));
      const masked = async (head: number): Promise<Float32Array> =>
        (await bias(head)).map((value, at) => (visible(Math.floor(at / side), at % side) ? value : MASKED));
      const name = `decoder.self_bias.${config.shareAttnBias ? 0 : layer}`;
      return decoder.constant(name, [1, heads, side, side], () => headByHead(0, heads, masked), type);
    },
    cross: (shape) => decoder.constant('decoder.cross_bias', shape, () => headByHead(0, heads, cross), 'float32'),
  };
}

/**
 * Position embeddings as a constant, if the model adds them to the tokens.
 *
 * @param order text positions, in row-major order of `leading`
 * @param leading all dimensions but the last, which is the width
 */
export function positionConstant(
  decoder: Module,
  order: readonly number[],
  leading: readonly number[],
): Value | undefined {
  const { config } = decoder;
  if (!config.entanglePositionEmbedding || config.disableEntangle) return undefined;
  const { read } = textPositions(decoder, order);
  return decoder.constant('decoder.text_constant', [...leading, config.dModel], read);
}
