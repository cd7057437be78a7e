import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import {
  referenceAnswer,
  type ReferenceConfig,
  type ReferenceTask,
  type Tensor,
} from '../../../../testing/reference/ofa.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/ofa/', import.meta.url));

/** The expected values were computed in single precision. This covers its rounding errors. */
const TOLERANCE = 1e-5;

const expectedSchema = z.array(
  z.object({
    image: z.string(),
    text: z.string(),
    input_ids: z.array(z.number()),
    first_token_logits: z.array(z.number()),
    log_scores: z.array(z.number()),
    probs: z.array(z.number()),
    encoder_out_shape: z.tuple([z.number(), z.number()]),
    encoder_out_first8: z.array(z.number()),
    encoder_out_last8: z.array(z.number()),
    encoder_out_absmean: z.number(),
  }),
);
const vocabularySchema = z.record(z.string(), z.number());

async function readJson(name: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(FIXTURES, name, file), 'utf8'));
}

async function readWeights(name: string): Promise<Map<string, Tensor>> {
  const stored = await openWeights(join(FIXTURES, name));
  const weights = new Map<string, Tensor>();
  for (const [tensor, { shape }] of stored.tensors) {
    weights.set(tensor, { shape, data: await stored.read(tensor) });
  }
  await stored.close();
  return weights;
}

async function load(name: string) {
  const vocabulary = vocabularySchema.parse(await readJson(name, 'vocab.json'));
  const labels = vocabularySchema.parse(await readJson(name, 'ans2label.json'));
  const configuration = (await readJson(name, 'configuration.json')) as { model: Partial<ReferenceTask> };
  return {
    config: (await readJson(name, 'config.json')) as Partial<ReferenceConfig>,
    task: configuration.model,
    weights: await readWeights(name),
    answers: Object.keys(labels).map((answer) => [vocabulary[`Ġ${answer}`] ?? NaN]),
    cases: expectedSchema.parse(await readJson(name, 'expected.json')),
  };
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  const off = expected.map((value, i) => Math.abs(value - (actual[i] ?? NaN)));
  expect(Math.max(...off)).toBeLessThan(TOLERANCE);
}

describe.each(['mini-none', 'mini-prev-output'])('the reference on %s', (name) => {
  let model: Awaited<ReturnType<typeof load>>;

  beforeAll(async () => {
    model = await load(name);
  });

  it.each(Array.from({ length: 10 }, (_, i) => i))('agrees with PyTorch on case %i', async (index) => {
    const expected = model.cases[index];
    if (expected === undefined) throw new Error(`${name} has no case ${index}`);
    const picture = sharp(await readFile(join(FIXTURES, name, expected.image)))
      .removeAlpha()
      .raw();
    const pixels = new Uint8Array(await picture.toBuffer());
    const result = referenceAnswer({ ...model, pixels, inputIds: expected.input_ids });

    expectClose(result.firstTokenLogits, expected.first_token_logits);
    expectClose(result.logScores, expected.log_scores);
    expectClose(result.probabilities, expected.probs);
    const { rows, columns, data } = result.encoderOut;
    expect([rows, columns]).toEqual(expected.encoder_out_shape);
    expectClose(data.subarray(0, 8), expected.encoder_out_first8);
    const last = (rows - 1) * columns;
    expectClose(data.subarray(last, last + 8), expected.encoder_out_last8);
    const absolute = data.reduce((sum, value) => sum + Math.abs(value), 0) / data.length;
    expectClose([absolute], [expected.encoder_out_absmean]);
  });
});
