import * as ort from '../onnx-runtime.ts';
import { UserError } from '../errors.ts';
import type { Graph } from './onnx/graph.ts';
import { type Reading, simulateHalf } from './onnx/simulate-half.ts';
import { inlined } from './onnx/write.ts';
import { partsOf, type Tensors, withPart, type WrittenConstants } from './run-parts.ts';
import { GRAPH_IO } from '../package/layout.ts';
import type { SelfTestCase } from '../package/manifest.ts';
import { selfTestImage } from '../package/self-test.ts';
import type { Tokenizer } from '../package/tokenizer.ts';

/** Sentences of different lengths, so that the self-test's batch has padding. */
const SENTENCES = [
  'two people are outside.',
  'there is a red circle to the left of a small blue square in the picture',
  'no one is there',
] as const;

/** A case without its expected probabilities. */
export type SelfTestInput = Omit<SelfTestCase, 'probabilities'>;

/** The inputs of the self-test: seeds of generated images, and the package's prompt with fixed sentences. */
export function selfTestInputs(prompt: string, tokenizer: Tokenizer, maxTokens: number): SelfTestInput[] {
  const { bos, eos } = tokenizer.special;
  return SENTENCES.map((sentence, imageSeed) => {
    const tokens = tokenizer.encode(prompt.replace('{}', sentence)).slice(0, maxTokens);
    return { imageSeed, inputIds: [bos, ...tokens, eos] };
  });
}

/** What {@link runCases} needs to know about the package. */
export interface RunOptions extends WrittenConstants {
  readonly imageSize: number;
  readonly pad: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Smallest number that rounds to an infinite float16: half a step past 65,504. */
const HALF_LIMIT = 65_520;

/**
 * Runs a graph whose weights are written on the CPU, with all cases in one batch, part by part, so that a large model
 * needs little memory. Half-precision arithmetic is simulated, see {@link simulateHalf}.
 *
 * @returns the cases with their probabilities
 * @throws UserError if the result is not a probability distribution, or a tensor overflows float16
 */
export async function runCases(
  graph: Graph,
  inputs: readonly SelfTestInput[],
  options: RunOptions,
): Promise<SelfTestCase[]> {
  const parts = partsOf(graph);
  let values: Tensors = feeds(inputs, options);
  for (const [at, part] of parts.entries()) {
    options.onProgress?.(at, parts.length);
    values = { ...values, ...(await runPart(part, values, options)) };
  }
  options.onProgress?.(parts.length, parts.length);
  const flat = values[GRAPH_IO.probabilities]?.data;
  if (!(flat instanceof Float32Array)) throw new Error('The graph returned no probabilities.');
  const width = flat.length / inputs.length;
  return inputs.map((input, at) => {
    const probabilities = [...flat.subarray(at * width, (at + 1) * width)];
    checkDistribution(probabilities);
    // Further digits differ between processors.
    return { ...input, probabilities: probabilities.map((value) => Math.round(value * 1e6) / 1e6) };
  });
}

async function runPart(written: Graph, values: Tensors, { folder, placements }: RunOptions): Promise<Tensors> {
  const { graph: part, added, readings } = simulateHalf(written);
  const all = new Map(placements);
  for (const constant of added) all.set(constant.name, await inlined(constant));
  return withPart(part, { folder, placements: all }, async (run) => {
    const results = await run(values);
    checkRange(readings, results);
    return results;
  });
}

/** Reports the first tensor that is too large: later ones may only be consequences. */
function checkRange(readings: readonly Reading[], results: Tensors): void {
  for (const { node, output } of readings) {
    const [largest = NaN] = (results[output]?.data ?? []) as Float32Array;
    if (largest < HALF_LIMIT) continue;
    throw new UserError(
      'compile-check-failed',
      `The output of ${node} reaches ${largest.toPrecision(3)}, but float16 ends at 65504: compile with --precision fp32.`,
    );
  }
}

function checkDistribution(probabilities: readonly number[]): void {
  const sum = probabilities.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) < 1e-3) return;
  throw new UserError(
    'compile-check-failed',
    `The compiled graph returns the probabilities ${probabilities.join(', ')}, which do not add up to 1: ` +
      'the weights overflow its arithmetic, or the checkpoint is damaged.',
  );
}

function feeds(inputs: readonly SelfTestInput[], { imageSize, pad }: RunOptions): Record<string, ort.Tensor> {
  const imageBytes = imageSize * imageSize * 3;
  const longest = Math.max(...inputs.map(({ inputIds }) => inputIds.length));
  const pixels = new Uint8Array(inputs.length * imageBytes);
  const ids = new BigInt64Array(inputs.length * longest).fill(BigInt(pad));
  inputs.forEach(({ imageSeed, inputIds }, row) => {
    pixels.set(selfTestImage(imageSeed, imageSize), row * imageBytes);
    inputIds.forEach((id, column) => {
      ids[row * longest + column] = BigInt(id);
    });
  });
  return {
    [GRAPH_IO.image]: new ort.Tensor('uint8', pixels, [inputs.length, imageSize, imageSize, 3]),
    [GRAPH_IO.inputIds]: new ort.Tensor('int64', ids, [inputs.length, longest]),
  };
}
