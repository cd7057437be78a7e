import type { OfaConfig } from '../checkpoint/index.ts';
import type { Value } from '../onnx/graph.ts';
import type { AnswerTrie, TrieNode } from './answers.ts';
import type { Emitter } from './emitter.ts';
import type { EncoderOutput } from './encoder.ts';
import type { Parameters } from './parameters.ts';
import { type HeadBias, MASKED, type Positions, absoluteBias, tokenRelativeBias } from './position-bias.ts';

/** Everything that the decoder is built from; `parameters` are those below `decoder`. */
export interface DecoderContext {
  readonly emitter: Emitter;
  readonly parameters: Parameters;
  readonly config: OfaConfig;
  /** Token embeddings [rows, width], scaled. */
  readonly tokenTable: Value;
  readonly special: { readonly bos: number; readonly pad: number; readonly eos: number };
  readonly trie: AnswerTrie;
  /** Longest text in tokens, `<s>` and `</s>` included. */
  readonly textLength: number;
  readonly encoded: EncoderOutput;
}

/**
 * The decoder's positions: first the inner nodes of the answers' trie, each with its last token, then the
 * prompt. One pass scores all answers: a node sees the prompt, what leads to it and itself.
 */
export interface DecoderPrompt {
  /** Embedded tokens before their LayerNorm, [1 or B, L, width]. */
  readonly tokens: Value;
  /** Added to the scores of a layer's self-attention, [1 or B, heads, L, L]; undefined where L is 1. */
  selfBias(layer: number): Value | undefined;
  /** Added to the scores of every cross-attention, float32 [1 or B, heads * L, S]. */
  readonly crossBias: Value;
  /** The state after what `node` says, [B, 1, width], out of [B, L, width]. */
  stateAt(x: Value, node: TrieNode): Value;
}

/** The end of an axis, however long it is. */
export const END = 2 ** 31 - 1;

/** The text without its last column: `</s>` of the longest text, padding of the others. */
export function promptIds({ emitter, textLength }: DecoderContext, inputIds: Value): Value {
  const { ops } = emitter;
  return ops.slice(inputIds, [0], ops.ints([-1]), [1], [textLength - 1]);
}

/** bool [B, T - 1]: whether `</s>` comes next, which no text can contain. */
export function lastOfPrompt({ emitter, special, textLength }: DecoderContext, inputIds: Value): Value {
  const { ops } = emitter;
  const following = ops.slice(inputIds, [1], ops.ints([END]), [1], [textLength - 1]);
  return ops.equal(following, ops.ints([special.eos], true));
}

export function row({ emitter }: DecoderContext, values: readonly number[]): Value {
  return emitter.ops.reshape(emitter.ops.ints(values), [1, values.length]);
}

export function selfAbsolute({ parameters, config }: DecoderContext, positions: Positions): HeadBias {
  const names = ['self_pos_q_linear', 'self_pos_k_linear'] as const;
  return absoluteBias(parameters, config, config.decoderHeads, names, positions, positions);
}

export function crossAbsolute(
  { parameters, config, encoded }: DecoderContext,
  positions: Positions,
): HeadBias {
  const names = ['cross_pos_q_linear', 'cross_pos_k_linear'] as const;
  return absoluteBias(parameters, config, config.decoderHeads, names, positions, encoded.positions);
}

/** Absolute and relative bias of a layer and what may not be seen, [1, heads, L, L]. */
export function selfConstant(
  { emitter, parameters, config }: DecoderContext,
  layer: number,
  absolute: HeadBias,
  positions: readonly number[],
  visible: (i: number, j: number) => boolean,
  type = emitter.float,
): Value {
  const side = positions.length;
  const heads = config.decoderHeads;
  const relative = tokenRelativeBias(parameters, config, heads, layer, positions);
  const own = config.shareAttnBias ? 0 : layer;
  return emitter.constant(
    `decoder.self_bias.${own}`,
    [1, heads, side, side],
    () =>
      eachHead(heads, async (head) => {
        const bias = (await absolute(head)).slice();
        await relative.addTo(bias, head);
        return bias.map((value, at) => (visible(Math.floor(at / side), at % side) ? value : MASKED));
      }),
    type,
  );
}

export async function* eachHead(heads: number, bias: HeadBias): AsyncGenerator<Float32Array> {
  for (let head = 0; head < heads; head++) yield await bias(head);
}

export function cutToSources({ emitter, encoded }: DecoderContext, bias: Value, axis = 2): Value {
  const { ops } = emitter;
  const length = ops.shapeOf(encoded.penalty, 2, 3);
  return ops.slice(bias, [0], length, [axis], [encoded.positions.rows]);
}

/** Whether the decoder adds raw position embeddings to its tokens, as the reference does. */
export function entangled(config: OfaConfig): boolean {
  return config.entanglePositionEmbedding && !config.disableEntangle;
}
