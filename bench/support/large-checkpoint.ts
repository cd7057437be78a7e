import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkpointTensors,
  type CheckpointShape,
  type Fill,
  type TensorSpec,
} from '../../testing/checkpoint-tensors.ts';
import { SeededRandom, seedOf } from '../../testing/random.ts';
import { writeTorchArchive, type ArchiveTensor } from '../../testing/torch-archive.ts';
import { largeVocabulary } from './large-vocabulary.ts';

const SEED = 1;

/** The architecture of OFA-large, in the fields of its config.json. */
const LARGE: CheckpointShape = {
  vocab_size: 59_457,
  d_model: 1024,
  encoder_layers: 12,
  decoder_layers: 12,
  encoder_attention_heads: 16,
  decoder_attention_heads: 16,
  encoder_ffn_dim: 4096,
  decoder_ffn_dim: 4096,
  resnet_type: 'resnet152',
  token_bucket_size: 256,
  image_bucket_size: 42,
  max_position_embeddings: 1024,
  normformer: true,
  layernorm_embedding: true,
  patch_layernorm_embedding: true,
  add_type_embedding: true,
  share_decoder_input_output_embed: true,
  encoder_normalize_before: true,
  decoder_normalize_before: true,
  share_attn_bias: false,
  use_gamma_feature: false,
};

const CONFIGURATION = {
  framework: 'pytorch',
  task: 'visual-entailment',
  model: {
    type: 'ofa',
    beam_search: { beam_size: 5, max_len_b: 16, min_len: 1, no_repeat_ngram_size: 0 },
    seed: 7,
    max_src_length: 80,
    language: 'en',
    gen_type: 'traverse',
    patch_image_size: 480,
    max_image_size: 480,
    imagenet_default_mean_and_std: false,
    answer2label: 'ans2label.json',
    prompt_type: 'prev_output',
  },
  pipeline: { type: 'ofa-visual-entailment' },
  preprocessor: { type: 'ofa-tasks-preprocessor' },
};

/**
 * Writes a checkpoint of OFA-large's exact shapes (473 million parameters in 1,625 tensors, 2 GB) with the same
 * random weights each time. Only one tensor is in memory at a time. The folder appears atomically.
 */
export async function writeLargeCheckpoint(folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  writeTorchArchive(join(partial, 'pytorch_model.bin'), largeTensors());
  await writeLargeConfiguration(partial);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}

/** Writes the files of such a checkpoint except its weights. */
export async function writeLargeConfiguration(folder: string): Promise<void> {
  const { vocabulary, merges } = largeVocabulary();
  await writeFile(join(folder, 'vocab.json'), JSON.stringify(vocabulary));
  await writeFile(join(folder, 'merges.txt'), merges);
  await writeFile(join(folder, 'ans2label.json'), JSON.stringify({ no: 0, yes: 1, maybe: 2 }));
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ ...LARGE, model_type: 'ofa', architectures: ['OFAModel'] }, null, 2),
  );
  await writeFile(join(folder, 'configuration.json'), JSON.stringify(CONFIGURATION, null, 2));
}

/** The tensors of such a checkpoint, without values. */
export function largeTensorSpecs(): Generator<TensorSpec> {
  return checkpointTensors(LARGE, { baseWidth: 64, buffers: 'computed' });
}

function* largeTensors(): Generator<[string, ArchiveTensor]> {
  for (const { name, shape, fill } of largeTensorSpecs()) {
    yield [name, { dtype: fill.kind === 'integers' ? 'int64' : 'float32', shape, ...contents(name, shape, fill) }];
  }
}

function contents(name: string, shape: readonly number[], fill: Fill): Pick<ArchiveTensor, 'data' | 'tiedTo'> {
  switch (fill.kind) {
    case 'tied':
      return { tiedTo: fill.to };
    case 'integers':
      return { data: () => new Uint8Array(fill.values().buffer) };
    case 'spread':
      return {
        data: () => {
          const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
          new SeededRandom(seedOf(SEED, name)).fill(values, fill.mean, fill.deviation);
          return values;
        },
      };
  }
}
