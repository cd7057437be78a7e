const PROJECTION = '(?:[qkv]_proj|out_proj)\\.(?:weight|bias)';
const LAYER = [
  `(?:self|cross)_attn\\.(?:c_attn|${PROJECTION})`,
  '(?:self|cross)_attn_(?:mid_)?layer_norm\\.(?:weight|bias)',
  'fc[12]\\.(?:weight|bias)',
  '(?:ffn|final)_layer_norm\\.(?:weight|bias)',
  'weight_(?:self_attn|cross_attn|ffn)',
].join('|');
const EMBEDDINGS =
  '(?:embed_tokens|type_embedding|embed_positions|embed_image_positions|(?:token|image)_rel_pos_table_list\\.\\d+)\\.weight';
const NORMS =
  '(?:layernorm_embedding|patch_layernorm_embedding|code_layernorm_embedding|pos_ln|image_pos_ln|layer_norm)\\.(?:weight|bias)';
const LINEARS = '(?:image_proj|(?:self_|cross_)?pos_[qk]_linear|output_projection)\\.(?:weight|bias)';
/** Tables that follow from the configuration, and what PyTorch and fairseq count. */
const BUFFERS = '(?:token|image)_rp_bucket|image_position_idx|version';
/** Any layer of a ResNet: the trunk ends before the fourth stage and the classifier, which some files keep. */
const TRUNK =
  'embed_images\\.(?:layer\\d+\\.\\d+\\.)?(?:conv\\d|bn\\d|downsample\\.\\d|fc)\\.(?:weight|bias|running_mean|running_var|num_batches_tracked)';

/** Everything below `encoder` and `decoder` that an OFA has, with every option of its configuration. */
const KNOWN = new RegExp(
  `^(?:encoder|decoder)\\.(?:layers\\.\\d+\\.(?:${LAYER})|${[EMBEDDINGS, NORMS, LINEARS, BUFFERS, TRUNK].join('|')})$`,
);

/**
 * The names below `encoder` and `decoder` that no OFA has: of adapters, say, without which the model gives other answers
 * than it was trained to.
 */
export function unknownTensors(names: Iterable<string>): string[] {
  return [...names].filter((name) => /^(?:encoder|decoder)\./.test(name) && !KNOWN.test(name));
}
