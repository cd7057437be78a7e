import type { OfaConfig } from '../checkpoint/config.ts';
import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';

const PROJECTION = '(?:[qkv]_proj|out_proj)\\.(?:weight|bias)';
const LAYER = [
  `(?:self|cross)_attn\\.(?:c_attn|${PROJECTION})`,
  '(?:self|cross)_attn_(?:mid_)?layer_norm\\.(?:weight|bias)',
  'fc[12]\\.(?:weight|bias)',
  '(?:ffn|final)_layer_norm\\.(?:weight|bias)',
  // The reference renames `gamma` to `weight` when it loads a checkpoint.
  '(?:weight|gamma)_(?:self_attn|cross_attn|ffn)',
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

/** Options of `config.json` that give the model tensors, with the value that does not, and the names of these tensors. */
const OPTIONS: readonly (readonly [field: string, value: (config: OfaConfig) => boolean, off: boolean, RegExp])[] = [
  ['normformer', (config) => config.normformer, false, /_attn_mid_layer_norm\.|\.ffn_layer_norm\./],
  ['layernorm_embedding', (config) => config.layernormEmbedding, false, /coder\.layernorm_embedding\./],
  ['patch_layernorm_embedding', (config) => config.patchLayernormEmbedding, false, /\.patch_layernorm_embedding\./],
  ['add_type_embedding', (config) => config.addTypeEmbedding, false, /^encoder\.type_embedding\./],
  ['encoder_normalize_before', (config) => config.encoderNormalizeBefore, false, /^encoder\.layer_norm\./],
  ['decoder_normalize_before', (config) => config.decoderNormalizeBefore, false, /^decoder\.layer_norm\./],
  ['use_gamma_feature', (config) => config.useGammaFeature, false, /\.(?:weight|gamma)_(?:self_attn|cross_attn|ffn)$/],
  ['share_attn_bias', (config) => config.shareAttnBias, true, /_rel_pos_table_list\.[1-9]/],
];

/** The tensors that a model with this configuration does not use although it could, by the option, in sentences. */
export function unusedTensors(names: Iterable<string>, config: OfaConfig): string[] {
  const all = [...names];
  return OPTIONS.flatMap(([field, value, off, pattern]) => {
    if (value(config) !== off) return [];
    const unused = all.filter((name) => KNOWN.test(name) && pattern.test(name));
    if (unused[0] === undefined) return [];
    return [
      `${field} is ${off} in config.json or by default, so that tensors of the checkpoint are left out, ${unused.length} in all, ` +
        `such as ${unused[0]}: correct config.json if the model was trained with them.`,
    ];
  });
}

/** What PEFT, loralib and adapter-transformers call what they train alongside the weights. */
const ADAPTER = /(?:^|\.)(?:lora_\w+|ia3_\w+|adapters?(?:_\w+)?)(?:\.|$)/;

/**
 * Refuses weights with an adapter alongside. Without it, the model would give the answers from before it was trained.
 *
 * @throws UserError `checkpoint-unsupported`
 */
export function refuseAdapters(names: Iterable<string>): void {
  const found = [...names].filter((name) => ADAPTER.test(name));
  if (found[0] === undefined) return;
  throw new UserError(
    'checkpoint-unsupported',
    `The checkpoint has tensors of an adapter such as LoRA, ${found.length} in all, such as ${shorten(found[0])}: merge it into ` +
      "the weights, as PEFT's merge_and_unload does, and save them without it.",
  );
}

/** What fairseq, in which OFA was trained, calls the parts of a layer. */
const FAIRSEQ =
  /^(?:encoder|decoder)\.layers\.\d+\.(?:(?:self_|cross_)?attn_ln|encoder_attn\w*|ffn_layernorm|w_resid)(?:\.|$)/;

/** @throws UserError `checkpoint-unsupported` if the names are fairseq's */
export function refuseFairseqNames(names: Iterable<string>): void {
  const example = [...names].find((name) => FAIRSEQ.test(name));
  if (example === undefined) return;
  throw new UserError(
    'checkpoint-unsupported',
    `The checkpoint has fairseq's names of tensors, such as ${shorten(example)}; supported are those of ModelScope and Hugging Face: ` +
      "convert it with trans_fairseq_to_huggingface from the branch feature/add_transformers of OFA's repository.",
  );
}
