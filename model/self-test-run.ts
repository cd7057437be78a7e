import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { UserError } from './errors.ts';
import { GRAPH_IO, PACKAGE_FILES, type SelfTestCase } from './package.ts';
import { selfTestImage } from './self-test.ts';
import type { Tokenizer } from './text/tokenizer.ts';

/** Sentences of different lengths, so that the self-test's batch has padding. */
const SENTENCES = [
  'two people are outside.',
  'there is a red circle to the left of a small blue square in the picture',
  'no one is there',
] as const;

/** A case without its expected probabilities. */
export type SelfTestInput = Omit<SelfTestCase, 'probabilities'>;

/** The self-test's inputs: generated pictures, and the package's own prompt around fixed sentences. */
export function selfTestInputs(prompt: string, tokenizer: Tokenizer, maxTokens: number): SelfTestInput[] {
  const { bos, eos } = tokenizer.special;
  return SENTENCES.map((sentence, imageSeed) => {
    const tokens = tokenizer.encode(prompt.replace('{}', sentence)).slice(0, maxTokens);
    return { imageSeed, inputIds: [bos, ...tokens, eos] };
  });
}

/** What {@link runCases} has to know of the package that is being made. */
export interface RunOptions {
  readonly imageSize: number;
  readonly answers: number;
  readonly pad: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Runs a graph on the CPU over all cases in one batch.
 *
 * @returns the cases with the probabilities that came out
 * @throws UserError if the graph does not run or an answer is not a probability distribution
 */
export async function runCases(
  folder: string,
  inputs: readonly SelfTestInput[],
  options: RunOptions,
): Promise<SelfTestCase[]> {
  options.onProgress?.(0, inputs.length);
  const session = await ort.InferenceSession.create(path.join(folder, PACKAGE_FILES.graph), {
    executionProviders: ['cpu'],
    enableCpuMemArena: false,
    // Packed copies of the weights would double the memory for a single run.
    extra: { session: { disable_prepacking: '1' } },
    logSeverityLevel: 3,
  });
  try {
    const results = await session.run(feeds(inputs, options));
    const flat = results[GRAPH_IO.probabilities]?.data as Float32Array;
    const cases = inputs.map((input, at) => ({
      ...input,
      // Digits past these differ from one processor to the next.
      probabilities: [...flat.subarray(at * options.answers, (at + 1) * options.answers)].map(
        (value) => Math.round(value * 1e6) / 1e6,
      ),
    }));
    cases.forEach(({ probabilities }) => {
      const sum = probabilities.reduce((total, value) => total + value, 0);
      if (!(Math.abs(sum - 1) < 1e-3)) {
        throw new UserError(
          'compile-check-failed',
          `The compiled graph answers with probabilities ${probabilities.join(', ')}: ` +
            'the weights overflow its arithmetic, or the checkpoint is damaged.',
        );
      }
    });
    options.onProgress?.(inputs.length, inputs.length);
    return cases;
  } finally {
    await session.release();
  }
}

function feeds(inputs: readonly SelfTestInput[], options: RunOptions): Record<string, ort.Tensor> {
  const size = options.imageSize;
  const longest = Math.max(...inputs.map(({ inputIds }) => inputIds.length));
  const pixels = new Uint8Array(inputs.length * size * size * 3);
  const ids = new BigInt64Array(inputs.length * longest).fill(BigInt(options.pad));
  inputs.forEach(({ imageSeed, inputIds }, at) => {
    pixels.set(selfTestImage(imageSeed, size), at * size * size * 3);
    inputIds.forEach((id, place) => {
      ids[at * longest + place] = BigInt(id);
    });
  });
  return {
    [GRAPH_IO.image]: new ort.Tensor('uint8', pixels, [inputs.length, size, size, 3]),
    [GRAPH_IO.inputIds]: new ort.Tensor('int64', ids, [inputs.length, longest]),
  };
}
