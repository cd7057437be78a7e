import { join } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../../errors.ts';
import { readAnswers } from './answers.ts';
import { ARCHITECTURE, RESNET_BLOCKS, TASK } from './config-schema.ts';
import { parseFields, readJson, unsupported } from './json-file.ts';

/** The architecture, from `config.json`. */
export interface OfaConfig {
  readonly dModel: number;
  readonly encoderLayers: number;
  readonly encoderHeads: number;
  readonly encoderFfnDim: number;
  readonly decoderLayers: number;
  readonly decoderHeads: number;
  readonly decoderFfnDim: number;
  /** Rows of the token table, which may be more than the tokenizer has tokens. */
  readonly vocabSize: number;
  readonly resnetType: string;
  /** Bottlenecks in each of the three stages of the image trunk. */
  readonly resnetBlocks: readonly [number, number, number];
  readonly tokenBucketSize: number;
  readonly imageBucketSize: number;
  readonly maxPositionEmbeddings: number;
  readonly attnScaleFactor: number;
  readonly normformer: boolean;
  readonly layernormEmbedding: boolean;
  readonly patchLayernormEmbedding: boolean;
  readonly addTypeEmbedding: boolean;
  readonly shareDecoderInputOutputEmbed: boolean;
  readonly encoderNormalizeBefore: boolean;
  readonly decoderNormalizeBefore: boolean;
  readonly scaleEmbedding: boolean;
  readonly entanglePositionEmbedding: boolean;
  readonly disableEntangle: boolean;
  readonly shareAttnBias: boolean;
  readonly useGammaFeature: boolean;
}

/** The task, from `configuration.json` and the file of answers that it names. */
export interface TaskConfig {
  /** Side of the picture in pixels; a multiple of 16. */
  readonly patchImageSize: number;
  /** Words kept of each text, and tokens kept of the prompt; may be more than the model has positions for. */
  readonly maxSrcLength: number;
  /** ImageNet's mean and standard deviation of the pixels in place of 0.5. */
  readonly imagenetMeanStd: boolean;
  /** What the decoder starts from: `<s>` alone, or the whole input without `</s>`. */
  readonly promptType: 'none' | 'prev_output';
  /** Each `{}` is filled in order: with the hypothesis; with the premise, then the hypothesis. */
  readonly prompts: { readonly hypothesis: string; readonly premise: string };
  /** In the order of their labels. */
  readonly answers: readonly string[];
  /** The file in the checkpoint folder that lists them. */
  readonly answersFile: string;
}

/** The prompts of the reference, spaces included. */
const PROMPTS = {
  hypothesis: ' does the image describe " {} "?',
  premise: ' can image and text1 " {} " imply text2 " {} "?',
} as const;

function toArchitecture(file: string, fields: z.infer<typeof ARCHITECTURE>): OfaConfig {
  for (const part of ['encoder', 'decoder'] as const) {
    const heads = fields[`${part}_attention_heads`];
    if (fields.d_model % heads !== 0) {
      throw unsupported(file, `${part}_attention_heads`, heads, `a divisor of d_model (${fields.d_model})`);
    }
  }
  return {
    dModel: fields.d_model,
    encoderLayers: fields.encoder_layers,
    encoderHeads: fields.encoder_attention_heads,
    encoderFfnDim: fields.encoder_ffn_dim,
    decoderLayers: fields.decoder_layers,
    decoderHeads: fields.decoder_attention_heads,
    decoderFfnDim: fields.decoder_ffn_dim,
    vocabSize: fields.vocab_size,
    resnetType: fields.resnet_type,
    resnetBlocks: RESNET_BLOCKS[fields.resnet_type],
    tokenBucketSize: fields.token_bucket_size,
    imageBucketSize: fields.image_bucket_size,
    maxPositionEmbeddings: fields.max_position_embeddings,
    attnScaleFactor: fields.attn_scale_factor,
    normformer: fields.normformer,
    layernormEmbedding: fields.layernorm_embedding,
    patchLayernormEmbedding: fields.patch_layernorm_embedding,
    addTypeEmbedding: fields.add_type_embedding,
    shareDecoderInputOutputEmbed: fields.share_decoder_input_output_embed,
    encoderNormalizeBefore: fields.encoder_normalize_before,
    decoderNormalizeBefore: fields.decoder_normalize_before,
    scaleEmbedding: fields.scale_embedding,
    entanglePositionEmbedding: fields.entangle_position_embedding,
    disableEntangle: fields.disable_entangle,
    shareAttnBias: fields.share_attn_bias,
    useGammaFeature: fields.use_gamma_feature,
  };
}

/** `max_src_length`, `patch_image_size` and what else concerns the task lie under `model`. */
async function readTask(folder: string, imageBucketSize: number): Promise<TaskConfig> {
  const file = join(folder, 'configuration.json');
  const { model } = parseFields(file, TASK, await readJson(file));
  const size = model.patch_image_size;
  if (size / 16 > imageBucketSize) {
    const most = 16 * imageBucketSize;
    throw unsupported(file, 'model.patch_image_size', size, `at most ${most}, 16 times image_bucket_size`);
  }
  if (model.answer2label === undefined) {
    throw new UserError(
      'checkpoint-unsupported',
      `${file}: model.answer2label is missing, so that model.gen_type "${model.gen_type}" would answer in free text; ` +
        'supported is a closed list of answers in a JSON file that answer2label names.',
    );
  }
  const { prompt } = model;
  return {
    patchImageSize: size,
    maxSrcLength: model.max_src_length,
    imagenetMeanStd: model.imagenet_default_mean_and_std,
    promptType: model.prompt_type,
    prompts: prompt === undefined ? PROMPTS : { hypothesis: prompt, premise: prompt },
    answers: await readAnswers(folder, model.answer2label),
    answersFile: model.answer2label,
  };
}

/**
 * Reads `config.json`, `configuration.json` and the answers of a checkpoint folder. Fields that are silent
 * have the reference's defaults; fields without a part in inference are not looked at.
 *
 * @throws UserError (checkpoint-unsupported) naming the field, its value and what is supported;
 *   (checkpoint-unreadable) if a file is missing or no JSON
 */
export async function readConfig(folder: string): Promise<{ model: OfaConfig; task: TaskConfig }> {
  const file = join(folder, 'config.json');
  const model = toArchitecture(file, parseFields(file, ARCHITECTURE, await readJson(file)));
  return { model, task: await readTask(folder, model.imageBucketSize) };
}
