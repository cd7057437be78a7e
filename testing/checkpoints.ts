import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { referenceAnswer, type ReferenceResult, type Weights } from './reference/ofa.ts';
import { archiveTensors } from './checkpoint-layout.ts';
import type { Variant } from './checkpoint-variants.ts';
import { variantWeights } from './checkpoint-weights.ts';
import { SeededRandom, seedOf } from './random.ts';
import { writeSafetensors, writeTorchArchive } from './torch-archive.ts';

export { variant, VARIANTS } from './checkpoint-variants.ts';
export type { Variant } from './checkpoint-variants.ts';
export { variantWeights } from './checkpoint-weights.ts';

/** Where the small vocabulary comes from. */
const FIXTURE = fileURLToPath(new URL('../test/fixtures/ofa/mini-none/', import.meta.url));

/** A question to a variant and the reference's answer to it. */
export interface VariantCase {
  /** RGB bytes [size, size, 3]. */
  readonly pixels: Uint8Array;
  /** `<s>` and `</s>` included, without padding. */
  readonly inputIds: readonly number[];
  readonly expected: ReferenceResult;
}

/** Writes a complete checkpoint in ModelScope's layout into `folder`, which is made if it is missing. */
export function writeVariantCheckpoint(folder: string, variant: Variant): void {
  mkdirSync(folder, { recursive: true });
  for (const file of ['vocab.json', 'merges.txt']) copyFileSync(join(FIXTURE, file), join(folder, file));
  const labels = Object.fromEntries(variant.answers.map((answer, index) => [answer, index]));
  writeJson(join(folder, 'ans2label.json'), labels);
  writeJson(join(folder, 'config.json'), {
    ...variant.config,
    model_type: 'ofa',
    architectures: ['OFAModel'],
  });
  writeJson(join(folder, 'configuration.json'), {
    framework: 'pytorch',
    task: 'visual-entailment',
    model: {
      type: 'ofa',
      language: 'en',
      max_image_size: variant.task.patch_image_size,
      answer2label: 'ans2label.json',
      ...variant.task,
    },
    pipeline: { type: 'ofa-visual-entailment' },
    preprocessor: { type: 'ofa-tasks-preprocessor' },
  });
  const tensors = archiveTensors(variant);
  if (variant.layout.startsWith('safetensors')) writeSafetensors(join(folder, 'model.safetensors'), tensors);
  else writeTorchArchive(join(folder, 'pytorch_model.bin'), tensors);
}

/** Tokens of each answer, without `</s>`: one for each word, as the small vocabulary has them. */
export function answerTokens(variant: Variant): number[][] {
  const vocabulary: unknown = JSON.parse(readFileSync(join(FIXTURE, 'vocab.json'), 'utf8'));
  const tokens = new Map(Object.entries(vocabulary as Record<string, number>));
  return variant.answers.map((answer) =>
    answer.split(' ').map((word) => {
      const token = tokens.get(`Ġ${word}`);
      if (token === undefined) throw new Error(`the small vocabulary has no token for " ${word}"`);
      return token;
    }),
  );
}

/**
 * Three questions of different lengths and pictures with the reference's answers.
 *
 * @param weights the variant's, to save their generation where the caller has them
 */
export function variantCases(variant: Variant, weights: Weights = variantWeights(variant)): VariantCase[] {
  const answers = answerTokens(variant);
  return variant.lengths.map((length, index) => {
    const random = new SeededRandom(seedOf(variant.seed, `case ${index}`));
    const pixels = randomPicture(random, variant.task.patch_image_size);
    const words = Array.from({ length: length - 2 }, () => 4 + random.integer(variant.config.vocab_size - 5));
    const inputIds = [0, ...words, 2];
    const { config, task } = variant;
    return {
      pixels,
      inputIds,
      expected: referenceAnswer({ config, task, weights, pixels, inputIds, answers }),
    };
  });
}

/** Coloured squares of 16 pixels with noise on them: pictures that a convolution tells apart. */
function randomPicture(random: SeededRandom, size: number): Uint8Array {
  const squares = Math.ceil(size / 16);
  const colours = Array.from({ length: squares * squares * 3 }, () => random.integer(224));
  return Uint8Array.from({ length: size * size * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const square = Math.floor(pixel / size / 16) * squares + Math.floor((pixel % size) / 16);
    return (colours[square * 3 + (i % 3)] ?? 0) + random.integer(32);
  });
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value, null, 2));
}
