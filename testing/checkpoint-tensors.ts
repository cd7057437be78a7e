/** How a generated tensor is filled. */
export type Fill =
  | {
      /** Evenly spread around `mean`. */
      readonly kind: 'spread';
      readonly mean: number;
      /** Standard deviation. */
      readonly deviation: number;
    }
  /** int64, known values. */
  | { readonly kind: 'integers'; readonly values: () => BigInt64Array }
  /** The same storage as another tensor. */
  | { readonly kind: 'tied'; readonly to: string };

/** One entry of a checkpoint's state dictionary. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly fill: Fill;
}

/** What decides a checkpoint's tensor names and shapes; the names are those of config.json. */
export interface CheckpointShape {
  readonly vocab_size: number;
  readonly d_model: number;
  readonly encoder_layers: number;
  readonly decoder_layers: number;
  readonly encoder_attention_heads: number;
  readonly decoder_attention_heads: number;
  readonly encoder_ffn_dim: number;
  readonly decoder_ffn_dim: number;
  readonly resnet_type: string;
  readonly token_bucket_size: number;
  readonly image_bucket_size: number;
  readonly max_position_embeddings: number;
  readonly normformer: boolean;
  readonly layernorm_embedding: boolean;
  readonly patch_layernorm_embedding: boolean;
  readonly add_type_embedding: boolean;
  readonly share_decoder_input_output_embed: boolean;
  readonly encoder_normalize_before: boolean;
  readonly decoder_normalize_before: boolean;
  readonly share_attn_bias: boolean;
  readonly use_gamma_feature: boolean;
}

/** What real checkpoints have in common and small ones may vary. */
export interface CheckpointOptions {
  /** Channels of the trunk's first convolution: 64 in every published checkpoint. */
  readonly baseWidth: number;
  /**
   * Whether the tables of buckets are stored, as PyTorch does with buffers: not at all, as the formula has
   * them, or with the token distances mirrored, which only a reader of the tables can know.
   */
  readonly buffers: 'none' | 'computed' | 'mirrored';
}

/** Blocks in each of the trunk's three stages. */
const RESNET_BLOCKS: Readonly<Record<string, readonly [number, number, number]>> = {
  resnet18: [2, 2, 2],
  resnet34: [3, 4, 6],
  resnet50: [3, 4, 6],
  resnet101: [3, 4, 23],
  resnet152: [3, 8, 36],
};

type Side = 'encoder' | 'decoder';

/**
 * Every entry of the state dictionary of a model of this shape, in PyTorch's order. The spreads are those of
 * a model that answers neither at random nor always the same: attention is uneven, no activation saturates,
 * and every parameter matters.
 */
export function* checkpointTensors(config: CheckpointShape, options: CheckpointOptions): Generator<TensorSpec> {
  const d = config.d_model;
  if (config.layernorm_embedding) yield* norm('encoder.layernorm_embedding', d);
  yield embedding('encoder.embed_tokens', config.vocab_size, d);
  if (config.add_type_embedding) yield embedding('encoder.type_embedding', 2, d);
  yield* trunk(config.resnet_type, options.baseWidth);
  yield* dense('encoder.image_proj', options.baseWidth * 16, d);
  if (config.patch_layernorm_embedding) yield* norm('encoder.patch_layernorm_embedding', d);
  yield* positions(config, 'encoder');
  yield* dense('encoder.pos_q_linear', d, d, 1.5);
  yield* dense('encoder.pos_k_linear', d, d, 1.5);
  for (let layer = 0; layer < config.encoder_layers; layer++) yield* encoderLayer(config, layer);
  if (config.encoder_normalize_before) yield* norm('encoder.layer_norm', d);
  yield* relativeTables(config, 'encoder');
  yield* bucketBuffers(config, 'encoder', options.buffers);

  yield tied('decoder.embed_tokens.weight', [config.vocab_size, d], 'encoder.embed_tokens.weight');
  for (let layer = 0; layer < config.decoder_layers; layer++) yield* decoderLayer(config, layer);
  if (config.layernorm_embedding) yield* norm('decoder.layernorm_embedding', d);
  yield* positions(config, 'decoder');
  for (const name of ['self_pos_q', 'self_pos_k', 'cross_pos_q', 'cross_pos_k']) {
    yield* dense(`decoder.${name}_linear`, d, d, 1.5);
  }
  yield* norm('decoder.code_layernorm_embedding', d);
  if (config.decoder_normalize_before) yield* norm('decoder.layer_norm', d);
  yield config.share_decoder_input_output_embed
    ? tied('decoder.output_projection.weight', [config.vocab_size, d], 'encoder.embed_tokens.weight')
    : embedding('decoder.output_projection', config.vocab_size, d);
  yield* relativeTables(config, 'decoder');
  yield* bucketBuffers(config, 'decoder', options.buffers);
}

function* trunk(resnetType: string, baseWidth: number): Generator<TensorSpec> {
  const blocks = RESNET_BLOCKS[resnetType];
  if (blocks === undefined) throw new Error(`no such trunk: ${resnetType}`);
  const prefix = 'encoder.embed_images';
  yield* convolution(`${prefix}.conv1`, `${prefix}.bn1`, [baseWidth, 3, 7, 7], 1);
  let inputs = baseWidth;
  for (const [stage, count] of blocks.entries()) {
    const width = baseWidth * 2 ** stage;
    for (let block = 0; block < count; block++) {
      const at = `${prefix}.layer${stage + 1}.${block}`;
      yield* convolution(`${at}.conv1`, `${at}.bn1`, [width, inputs, 1, 1], 1);
      yield* convolution(`${at}.conv2`, `${at}.bn2`, [width, width, 3, 3], 1);
      // A deep trunk grows with every block unless its branches are kept small.
      yield* convolution(`${at}.conv3`, `${at}.bn3`, [width * 4, width, 1, 1], block === 0 ? 1 : 0.3);
      if (block === 0) {
        yield* convolution(`${at}.downsample.0`, `${at}.downsample.1`, [width * 4, inputs, 1, 1], 1);
      }
      inputs = width * 4;
    }
  }
}

function* convolution(
  conv: string,
  batchNorm: string,
  shape: readonly [number, number, number, number],
  gain: number,
): Generator<TensorSpec> {
  const [outputs, inputs, height, width] = shape;
  yield spread(`${conv}.weight`, shape, 0, Math.sqrt(2 / (inputs * height * width)));
  yield spread(`${batchNorm}.weight`, [outputs], gain, gain * 0.2);
  yield spread(`${batchNorm}.bias`, [outputs], 0, 0.1);
  yield spread(`${batchNorm}.running_mean`, [outputs], 0, 0.2);
  yield spread(`${batchNorm}.running_var`, [outputs], 1, 0.3);
  yield integers(`${batchNorm}.num_batches_tracked`, [], () => BigInt64Array.of(1000n));
}

function* encoderLayer(config: CheckpointShape, index: number): Generator<TensorSpec> {
  const layer = `encoder.layers.${index}`;
  yield* attention(config, layer, 'self_attn', config.encoder_attention_heads);
  yield* feedForward(config, layer, config.encoder_ffn_dim);
}

function* decoderLayer(config: CheckpointShape, index: number): Generator<TensorSpec> {
  const layer = `decoder.layers.${index}`;
  yield* attention(config, layer, 'self_attn', config.decoder_attention_heads);
  yield* attention(config, layer, 'cross_attn', config.decoder_attention_heads);
  yield* feedForward(config, layer, config.decoder_ffn_dim);
}

function* attention(config: CheckpointShape, layer: string, name: string, heads: number): Generator<TensorSpec> {
  const d = config.d_model;
  if (config.use_gamma_feature) yield spread(`${layer}.weight_${name}`, [d], 1, 0.3);
  yield spread(`${layer}.${name}.c_attn`, [heads], 1, 0.3);
  yield* dense(`${layer}.${name}.k_proj`, d, d, 2);
  yield* dense(`${layer}.${name}.v_proj`, d, d);
  yield* dense(`${layer}.${name}.q_proj`, d, d, 2);
  yield* dense(`${layer}.${name}.out_proj`, d, d);
  yield* norm(`${layer}.${name}_layer_norm`, d);
  if (config.normformer) yield* norm(`${layer}.${name}_mid_layer_norm`, d);
}

function* feedForward(config: CheckpointShape, layer: string, width: number): Generator<TensorSpec> {
  const d = config.d_model;
  if (config.use_gamma_feature) yield spread(`${layer}.weight_ffn`, [d], 1, 0.3);
  yield* dense(`${layer}.fc1`, d, width);
  yield* dense(`${layer}.fc2`, width, d);
  if (config.normformer) yield* norm(`${layer}.ffn_layer_norm`, width);
  yield* norm(`${layer}.final_layer_norm`, d);
}

function* positions(config: CheckpointShape, side: Side): Generator<TensorSpec> {
  const d = config.d_model;
  yield embedding(`${side}.embed_positions`, config.max_position_embeddings + 2, d);
  yield embedding(`${side}.embed_image_positions`, config.image_bucket_size ** 2 + 1, d);
  yield* norm(`${side}.pos_ln`, d);
  yield* norm(`${side}.image_pos_ln`, d);
}

function* relativeTables(config: CheckpointShape, side: Side): Generator<TensorSpec> {
  const tables = config.share_attn_bias ? 1 : config[`${side}_layers`];
  const heads = config[`${side}_attention_heads`];
  const rows = {
    token: 2 * config.token_bucket_size - 1,
    image: (2 * config.image_bucket_size - 1) ** 2 + 3,
  };
  for (const kind of ['token', 'image'] as const) {
    for (let table = 0; table < tables; table++) {
      yield spread(`${side}.${kind}_rel_pos_table_list.${table}.weight`, [rows[kind], heads], 0, 1.5);
    }
  }
}

function* bucketBuffers(
  config: CheckpointShape,
  side: Side,
  kind: CheckpointOptions['buffers'],
): Generator<TensorSpec> {
  if (kind === 'none') return;
  const { token_bucket_size: tokens, image_bucket_size: image } = config;
  if (side === 'decoder') {
    yield integers('decoder.image_position_idx', [1025], () => decoderImagePositions(image));
  }
  yield integers(`${side}.image_rp_bucket`, [image ** 2 + 1, image ** 2 + 1], () => imageBuckets(image));
  yield integers(`${side}.token_rp_bucket`, [1024, 1024], () => tokenBuckets(tokens, kind === 'mirrored'));
}

/** The table of token distances: logarithmic beyond half of the buckets, up to the distance 1,023. */
function tokenBuckets(size: number, mirrored: boolean): BigInt64Array {
  const half = Math.floor(size / 2);
  const table = new BigInt64Array(1024 * 1024);
  for (let i = 0; i < 1024; i++) {
    for (let j = 0; j < 1024; j++) {
      const distance = mirrored ? j - i : i - j;
      const far = Math.ceil((Math.log(Math.abs(distance) / half) / Math.log(1023 / half)) * (half - 1));
      const bucket = Math.abs(distance) <= half ? distance : Math.sign(distance) * (far + half);
      table[i * 1024 + j] = BigInt(bucket + size - 1);
    }
  }
  return table;
}

/** The table of image distances; row and column 0 belong to what is not a position of the grid. */
function imageBuckets(size: number): BigInt64Array {
  const side = size * size + 1;
  const distances = (2 * size - 1) ** 2 + 3;
  const table = new BigInt64Array(side * side);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const rows = Math.floor((i - 1) / size) - Math.floor((j - 1) / size) + size - 1;
      const columns = ((i - 1) % size) - ((j - 1) % size) + size - 1;
      const outside = j === 0 ? (i === 0 ? distances - 1 : distances - 2) : distances - 3;
      const bucket = i === 0 || j === 0 ? outside : rows * (2 * size - 1) + columns;
      table[i * side + j] = BigInt(bucket);
    }
  }
  return table;
}

/** Positions of generated images' codes (16 x 16); they play no part in entailment. */
function decoderImagePositions(bucketSize: number): BigInt64Array {
  const positions = [0];
  for (let row = 0; row < 16; row++) {
    for (let column = 0; column < 16; column++) positions.push(row * bucketSize + column + 1);
  }
  return BigInt64Array.from([...positions, ...Array<number>(768).fill(1024)], BigInt);
}

function* dense(prefix: string, inputs: number, outputs: number, gain = 1): Generator<TensorSpec> {
  yield spread(`${prefix}.weight`, [outputs, inputs], 0, gain / Math.sqrt(inputs));
  yield spread(`${prefix}.bias`, [outputs], 0, 0.1);
}

function* norm(prefix: string, size: number): Generator<TensorSpec> {
  yield spread(`${prefix}.weight`, [size], 1, 0.2);
  yield spread(`${prefix}.bias`, [size], 0, 0.1);
}

/** Rows of equal length whatever their width, so that the logits of a wide model do not saturate either. */
function embedding(prefix: string, rows: number, columns: number): TensorSpec {
  return spread(`${prefix}.weight`, [rows, columns], 0, 1.7 / Math.sqrt(columns));
}

function spread(name: string, shape: readonly number[], mean: number, deviation: number): TensorSpec {
  return { name, shape, fill: { kind: 'spread', mean, deviation } };
}

function integers(name: string, shape: readonly number[], values: () => BigInt64Array): TensorSpec {
  return { name, shape, fill: { kind: 'integers', values } };
}

function tied(name: string, shape: readonly number[], to: string): TensorSpec {
  return { name, shape, fill: { kind: 'tied', to } };
}
