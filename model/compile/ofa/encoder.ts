import type { OfaConfig } from '../checkpoint/config.ts';
import type { Value } from '../onnx/graph.ts';
import { attentionOutput, feedForward, residual, scoreScale } from './layers.ts';
import type { Module, Vector } from './module.ts';
import {
  type HeadBias,
  MASKED,
  type Positions,
  absoluteBias,
  concatenated,
  headByHead,
  imagePositions,
  imageRelativeBias,
  normalised,
  range,
  sum,
  textPositions,
  tokenRelativeBias,
} from './position-bias.ts';

/** What the encoder reads. B: batch, T: tokens, S: positions of the image (grid * grid), then of the text (T). */
export interface EncoderInputs {
  /** The embedded image, [B, grid * grid, width]: see {@link embedImage}. */
  readonly image: Value;
  /** Image positions along one side. */
  readonly grid: number;
  /** int64 [B, T]. */
  readonly inputIds: Value;
  /** Token embeddings [rows, width], scaled. */
  readonly tokenTable: Value;
  readonly padToken: number;
  /** Longest text in tokens, `<s>` and `</s>` included. */
  readonly textLength: number;
}

/** What the decoder needs from the encoder. */
export interface EncoderOutput {
  /** [B, S, width]. */
  readonly states: Value;
  /** float32 [B, 1, S]: {@link MASKED} at padding, otherwise 0. */
  readonly penalty: Value;
  /** Normalised embeddings of the S positions. */
  readonly positions: Positions;
}

/**
 * The encoder: embeddings of image and text, then the layers (TransformerEncoder in models/ofa/unify_transformer.py of
 * OFA-Sys/OFA). Unlike there, rows of padding are not set to zero: nothing attends to them, so they do not reach the
 * answer.
 *
 * @param encoder the module `encoder`
 */
export function encode(encoder: Module, inputs: EncoderInputs): EncoderOutput {
  const { config, graph } = encoder;
  const heads = config.encoderAttentionHeads;
  const { grid } = inputs;
  const text = graph.scope('text', () => embedText(encoder, inputs));
  let x = graph.concat([inputs.image, text], 1);
  const padding = graph.scope('padding', () => findPadding(encoder, inputs));
  const positions = concatenated(
    normalised(encoder.at('image_pos_ln'), imagePositions(encoder, grid)),
    normalised(encoder.at('pos_ln'), textPositions(encoder, range(inputs.textLength))),
  );
  const absolute = absoluteBias(encoder, heads, ['pos_q_linear', 'pos_k_linear'], positions, positions);
  let biases: readonly Value[] | undefined;
  for (let layer = 0; layer < config.encoderLayers; layer++) {
    x = graph.scope(`layers.${layer}`, () => {
      if (!biases || !config.shareAttnBias) {
        biases = graph.scope('bias', () => layerBiases(encoder, inputs, absolute, layer, padding));
      }
      return encoderLayer(encoder.at('layers', layer), x, biases, padding.mask);
    });
  }
  const states = config.encoderNormalizeBefore ? encoder.layerNorm('layer_norm', x) : x;
  return { states, penalty: padding.penalty, positions };
}

/**
 * `forward_embedding` of the reference for the image: [B, C, grid, grid] to [B, grid * grid, width].
 *
 * @param encoder the module `encoder`
 * @param features the image trunk's output
 */
export function embedImage(encoder: Module, features: Value): Value {
  const { config, graph } = encoder;
  const [, channels = 1, grid = 1] = features.shape;
  const rows = graph.transpose(graph.reshape(features, [0, channels, -1]), [0, 2, 1]);
  let x = encoder.linear('image_proj', rows, config.dModel, { scale: embedScale(config) });
  const type = typeEmbedding(encoder, 1);
  const constant = (count: number, source: Vector): Value =>
    encoder.constant('encoder.image_constant', [1, count, config.dModel], source);
  if (config.entanglePositionEmbedding) {
    const positions = imagePositions(encoder, grid);
    x = graph.add(x, constant(grid * grid, addedToRows(positions.read, type)));
  } else if (type) {
    x = graph.add(x, constant(1, type));
  }
  return config.patchLayernormEmbedding ? encoder.layerNorm('patch_layernorm_embedding', x) : x;
}

/** `forward_embedding` of the reference for the text: [B, T] to [B, T, width]. */
function embedText(encoder: Module, { inputIds, tokenTable, textLength }: EncoderInputs): Value {
  const { config, graph } = encoder;
  let x = graph.gatherRows(tokenTable, inputIds);
  const type = typeEmbedding(encoder, 0);
  const constant = (count: number, source: Vector): Value =>
    encoder.constant('encoder.text_constant', [1, count, config.dModel], source);
  if (config.entanglePositionEmbedding) {
    const positions = textPositions(encoder, range(textLength));
    const rows = constant(textLength, addedToRows(positions.read, type));
    const length = graph.shapeOf(inputIds, 1, 2);
    x = graph.add(x, graph.slice(rows, [0], length, [1], [textLength]));
  } else if (type) {
    x = graph.add(x, constant(1, type));
  }
  return config.layernormEmbedding ? encoder.layerNorm('layernorm_embedding', x) : x;
}

/** Padding in the forms in which it is needed. */
interface Padding {
  /** float32 [B, 1, S]. */
  readonly penalty: Value;
  /** int64 [2]: S, S. */
  readonly square: Value;
  /** int32 [B, S], 0 at padding; undefined where the penalty is part of the bias. */
  readonly mask?: Value;
}

/**
 * Where the padding is. On a CPU a key mask for the fused attention costs nothing. With float16, which is for GPUs, the
 * penalty is added to the bias instead, because on CUDA a key mask rules out every fused kernel.
 */
function findPadding(encoder: Module, inputs: EncoderInputs): Padding {
  const { graph } = encoder;
  const isPad = graph.equal(inputs.inputIds, graph.ints([inputs.padToken], true));
  const masked = graph.mul(graph.cast(isPad, 'float32'), encoder.literal([MASKED], [], 'float32'));
  const zero = encoder.literal([0], [], 'float32');
  const flat = graph.padFront(masked, inputs.grid ** 2, zero);
  const penalty = graph.unsqueeze(flat, 1);
  if (encoder.float === 'float32') {
    const mask = graph.cast(graph.equal(flat, zero), 'int32');
    const length = graph.shapeOf(flat, 1, 2);
    return { penalty, square: graph.concat([length, length], 0), mask };
  }
  // A tensor [B, S, S] only for its shape: arithmetic on shapes would run on the CPU.
  const pairs = graph.add(graph.cast(penalty, encoder.float), graph.cast(graph.unsqueeze(flat, 2), encoder.float));
  return { penalty, square: graph.shapeOf(pairs, 1, 3) };
}

/**
 * Heads of a self-attention that are computed at a time on a CPU. ONNX Runtime computes the scores of all heads of a
 * node, then all their softmaxes, then all results: with OFA-large's 16 heads these are 53 MB, which no cache holds.
 * The results are the same bits. Fewer heads are faster on two threads, but a node uses no more threads than it has heads.
 */
const HEADS_AT_ONCE = 4;

/** The groups of heads that are computed one after another: the first head of each, and the end of the last. */
function headGroups(encoder: Module): readonly { readonly from: number; readonly to: number }[] {
  const heads = encoder.config.encoderAttentionHeads;
  const size = encoder.float === 'float32' ? HEADS_AT_ONCE : heads;
  return range(Math.ceil(heads / size)).map((at) => ({ from: at * size, to: Math.min(heads, (at + 1) * size) }));
}

/**
 * The biases of one layer's groups of heads at the length of the batch: [1, heads, S, S], or [B, heads, S, S] where
 * padding is part of them.
 */
function layerBiases(
  encoder: Module,
  inputs: EncoderInputs,
  absolute: HeadBias,
  layer: number,
  padding: Padding,
): readonly Value[] {
  const { graph } = encoder;
  const heads = encoder.config.encoderAttentionHeads;
  const { grid } = inputs;
  const images = grid * grid;
  const side = images + inputs.textLength;
  const texts = range(side).map((at) => (at < images ? undefined : at - images));
  const bias = sum(
    absolute,
    tokenRelativeBias(encoder, heads, layer, texts),
    imageRelativeBias(encoder, heads, layer, grid, side),
  );
  return headGroups(encoder).map(({ from, to }) => {
    const name = `encoder.bias.${layer}.${from}`;
    const whole = encoder.constant(name, [1, to - from, side, side], () => headByHead(from, to, bias));
    const cut = graph.slice(whole, [0, 0], padding.square, [2, 3], [side, side]);
    return padding.mask ? cut : graph.add(cut, graph.cast(graph.unsqueeze(padding.penalty, 1), encoder.float));
  });
}

/** Self-attention and feed-forward branch of one layer: [B, S, width] to the same shape. */
function encoderLayer(layer: Module, x: Value, biases: readonly Value[], mask: Value | undefined): Value {
  const { config } = layer;
  const heads = config.encoderAttentionHeads;
  const before = config.encoderNormalizeBefore;
  const attended = residual(layer, 'self_attn_layer_norm', before, x, (h) =>
    attentionOutput(layer, 'self_attn', heads, selfAttention(layer.at('self_attn'), h, biases, mask)),
  );
  return residual(layer, 'final_layer_norm', before, attended, (h) => feedForward(layer, config.encoderFfnDim, h));
}

/** The results of all heads, [B, S, width]. */
function selfAttention(attention: Module, h: Value, biases: readonly Value[], mask: Value | undefined): Value {
  const { config, graph } = attention;
  const width = config.dModel;
  const heads = config.encoderAttentionHeads;
  const q = attention.linear('q_proj', h, width, { scale: scoreScale(config, heads) });
  const k = attention.linear('k_proj', h, width);
  const v = attention.linear('v_proj', h, width);
  const groups = headGroups(attention);
  const parts = groups.map(({ from, to }, at) => {
    const columns = [from, to].map((head) => (head * width) / heads) as [number, number];
    const own = (x: Value): Value => (groups.length === 1 ? x : graph.between(x, 2, ...columns));
    return graph.attention(own(q), own(k), own(v), to - from, { bias: biases[at], mask });
  });
  return parts.length === 1 && parts[0] ? parts[0] : graph.concat(parts, 2);
}

/** The factor of token and image embeddings: sqrt(width) with `scale_embedding`, otherwise 1. */
export function embedScale(config: OfaConfig): number {
  return config.scaleEmbedding ? Math.sqrt(config.dModel) : 1;
}

/** The embedding of a modality, [width]. */
function typeEmbedding({ config, parameters }: Module, type: 0 | 1): Vector | undefined {
  if (!config.addTypeEmbedding) return undefined;
  const table = parameters.get('type_embedding.weight', [2, config.dModel]);
  return () => table.readRows(type, type + 1);
}

function addedToRows(readRows: Vector, readVector: Vector | undefined): Vector {
  return async () => {
    const [rows, vector] = [await readRows(), await readVector?.()];
    return vector ? rows.map((value, at) => value + (vector[at % vector.length] ?? 0)) : rows;
  };
}
