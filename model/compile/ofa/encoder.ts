import type { OfaConfig } from '../checkpoint/index.ts';
import type { Value } from '../onnx/graph.ts';
import type { Emitter } from './emitter.ts';
import { attentionOutput, feedForward, residual, scoreScale } from './layers.ts';
import type { Parameters } from './parameters.ts';
import {
  type HeadBias,
  MASKED,
  type Positions,
  absoluteBias,
  imagePositionTable,
  imagePositions,
  imageRelativeBias,
  joined,
  positionTable,
  textPositions,
  tokenRelativeBias,
} from './position-bias.ts';

/** Sizes that the graph is compiled for. */
export interface Extent {
  /** Image positions along one side. */
  readonly grid: number;
  /** Longest text in tokens, `<s>` and `</s>` included. */
  readonly textLength: number;
}

/**
 * How padding reaches the fused attention. `mask`: as a key mask, which costs nothing on a CPU. `bias`: added
 * to the position bias, since on CUDA a key mask would rule out every fused kernel.
 */
export type PaddingStyle = 'mask' | 'bias';

/** Everything that the encoder is built from; `parameters` are those below `encoder`. */
export interface EncoderContext {
  readonly emitter: Emitter;
  readonly parameters: Parameters;
  readonly config: OfaConfig;
  readonly extent: Extent;
  readonly paddingStyle: PaddingStyle;
  /** Token embeddings [rows, width], scaled. */
  readonly tokenTable: Value;
  readonly padToken: number;
}

/** What the decoder needs of the encoder. */
export interface EncoderOutput {
  /** [B, S, width]: image positions, then text. */
  readonly states: Value;
  /** float32 [B, 1, S]: 0, or {@link MASKED} where there is padding. */
  readonly penalty: Value;
  /** Normalised position embeddings of the S positions. */
  readonly positions: Positions;
}

/**
 * Embeddings of both modalities, then the layers. Rows of padding are not zeroed as in the reference: nothing
 * attends to them, so they reach no answer.
 *
 * @param features the trunk's output, [B, C, grid, grid]
 * @param inputIds int64 [B, T]
 */
export function encoder(context: EncoderContext, features: Value, inputIds: Value): EncoderOutput {
  const { emitter, parameters, config, extent } = context;
  const { ops, builder } = emitter;
  const image = builder.scope('image', () => embedImage(context, features));
  const text = builder.scope('text', () => embedText(context, inputIds));
  let x = ops.concat([image, text], 1);
  const padding = builder.scope('padding', () => findPadding(context, inputIds));
  const positions = joined(
    imagePositions(parameters, config, extent.grid),
    textPositions(parameters, config, extent.textLength),
  );
  const heads = config.encoderHeads;
  const absolute = absoluteBias(
    parameters,
    config,
    heads,
    ['pos_q_linear', 'pos_k_linear'],
    positions,
    positions,
  );
  let bias: Value | undefined;
  for (let layer = 0; layer < config.encoderLayers; layer++) {
    x = builder.scope(`layers.${layer}`, () => {
      if (!bias || !config.shareAttnBias) {
        bias = builder.scope('bias', () => layerBias(context, absolute, layer, padding));
      }
      return encoderLayer(context, x, layer, bias, padding);
    });
  }
  const states = config.encoderNormalizeBefore ? emitter.layerNorm(x, parameters, 'layer_norm') : x;
  return { states, penalty: padding.penalty, positions };
}

function embedImage({ emitter, parameters, config, extent }: EncoderContext, features: Value): Value {
  const { ops } = emitter;
  const [, channels = 1] = features.shape;
  const rows = ops.transpose(ops.reshape(features, [0, channels, -1]), [0, 2, 1]);
  const scale = embedScale(config);
  let x = emitter.linear(rows, parameters, 'image_proj', channels, config.dModel, { scale });
  const constant = imageConstant(parameters, config, extent.grid);
  if (constant) {
    x = ops.add(
      x,
      emitter.constant('encoder.image_constant', [1, constant.rows, config.dModel], constant.read),
    );
  }
  return config.patchLayernormEmbedding ? emitter.layerNorm(x, parameters, 'patch_layernorm_embedding') : x;
}

/** What is added to every picture's embedding: its type, and its positions where they are entangled. */
function imageConstant(
  parameters: Parameters,
  config: OfaConfig,
  grid: number,
): { rows: number; read: () => Promise<Float32Array> } | undefined {
  const type = typeEmbedding(parameters, config, 1);
  if (!config.entanglePositionEmbedding) return type && { rows: 1, read: type };
  const positions = imagePositionTable(parameters, config, grid);
  return { rows: grid * grid, read: async () => addedToRows(await positions(), await type?.()) };
}

function embedText(context: EncoderContext, inputIds: Value): Value {
  const { emitter, parameters, config, extent } = context;
  const { ops } = emitter;
  let x = ops.gatherRows(context.tokenTable, inputIds);
  const type = typeEmbedding(parameters, config, 0);
  if (config.entanglePositionEmbedding) {
    const table = positionTable(parameters, config);
    const rows = emitter.constant('encoder.text_constant', [1, extent.textLength, config.dModel], async () =>
      addedToRows(await table(extent.textLength), await type?.()),
    );
    const length = ops.shapeOf(inputIds, 1, 2);
    x = ops.add(x, ops.slice(rows, [0], length, [1], [extent.textLength]));
  } else if (type) {
    x = ops.add(x, emitter.constant('encoder.text_constant', [1, 1, config.dModel], type));
  }
  return config.layernormEmbedding ? emitter.layerNorm(x, parameters, 'layernorm_embedding') : x;
}

/** Padding in the forms in which it is needed. */
interface Padding {
  /** float32 [B, 1, S]. */
  readonly penalty: Value;
  /** int64 [2]: S, S. */
  readonly square: Value;
  /** int32 [B, S], 1 where there is no padding; only for the style `mask`. */
  readonly mask?: Value;
}

function findPadding(context: EncoderContext, inputIds: Value): Padding {
  const { emitter, extent, paddingStyle } = context;
  const { ops } = emitter;
  const images = extent.grid * extent.grid;
  const isPad = ops.equal(inputIds, ops.ints([context.padToken], true));
  const masked = ops.mul(emitter.cast(isPad, 'float32'), emitter.literal([MASKED], [], 'float32'));
  const flat = ops.padFront(masked, images, emitter.literal([0], [], 'float32'));
  const penalty = ops.unsqueeze(flat, 1);
  if (paddingStyle === 'mask') {
    const real = emitter.cast(ops.equal(flat, emitter.literal([0], [], 'float32')), 'int32');
    const length = ops.shapeOf(flat, 1, 2);
    return { penalty, square: ops.concat([length, length], 0), mask: real };
  }
  // A tensor of [.., S, S] only for its shape: arithmetic on shapes would run on the CPU.
  const grid = ops.add(
    emitter.cast(penalty, emitter.float),
    emitter.cast(ops.unsqueeze(flat, 2), emitter.float),
  );
  return { penalty, square: ops.shapeOf(grid, 1, 3) };
}

/** The bias of one layer for texts of the length at hand: [1, heads, S, S], or [B, heads, S, S] with padding. */
function layerBias(context: EncoderContext, absolute: HeadBias, layer: number, padding: Padding): Value {
  const { emitter, parameters, config, extent, paddingStyle } = context;
  const { ops } = emitter;
  const heads = config.encoderHeads;
  const images = extent.grid * extent.grid;
  const side = images + extent.textLength;
  const texts = Array.from({ length: side }, (_, at) => (at < images ? undefined : at - images));
  const relative = [
    tokenRelativeBias(parameters, config, heads, layer, texts),
    imageRelativeBias(parameters, config, heads, layer, extent.grid, side),
  ];
  const whole = emitter.constant(`encoder.bias.${layer}`, [1, heads, side, side], async function* () {
    for (let head = 0; head < heads; head++) {
      const bias = (await absolute(head)).slice();
      for (const part of relative) await part.addTo(bias, head);
      yield bias;
    }
  });
  const cut = ops.slice(whole, [0, 0], padding.square, [2, 3], [side, side]);
  if (paddingStyle === 'mask') return cut;
  return ops.add(cut, emitter.cast(ops.unsqueeze(padding.penalty, 1), emitter.float));
}

function encoderLayer(
  { emitter, parameters, config }: EncoderContext,
  x: Value,
  layer: number,
  bias: Value,
  padding: Padding,
): Value {
  const own = parameters.at('layers', layer);
  const width = config.dModel;
  const heads = config.encoderHeads;
  const before = config.encoderNormalizeBefore;
  const attended = residual(emitter, own, 'self_attn_layer_norm', before, x, (h) => {
    const attention = own.at('self_attn');
    const q = emitter.linear(h, attention, 'q_proj', width, width, { scale: scoreScale(config, heads) });
    const k = emitter.linear(h, attention, 'k_proj', width, width);
    const v = emitter.linear(h, attention, 'v_proj', width, width);
    const mixed = emitter.ops.attention(q, k, v, heads, {
      bias,
      ...(padding.mask && { mask: padding.mask }),
    });
    return attentionOutput(emitter, own, config, { name: 'self_attn', heads }, mixed);
  });
  return residual(emitter, own, 'final_layer_norm', before, attended, (h) =>
    feedForward(emitter, own, config, config.encoderFfnDim, h),
  );
}

/** sqrt(width) where embeddings are scaled, else 1. */
export function embedScale(config: OfaConfig): number {
  return config.scaleEmbedding ? Math.sqrt(config.dModel) : 1;
}

function typeEmbedding(
  parameters: Parameters,
  config: OfaConfig,
  type: 0 | 1,
): (() => Promise<Float32Array>) | undefined {
  if (!config.addTypeEmbedding) return undefined;
  const table = parameters.get('type_embedding.weight', [2, config.dModel]);
  return () => table.readRows(type, type + 1);
}

function addedToRows(rows: Float32Array, vector: Float32Array | undefined): Float32Array {
  return vector ? rows.map((value, at) => value + (vector[at % vector.length] ?? 0)) : rows;
}
