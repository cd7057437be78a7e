import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { predictionSchema } from '../../service/http/predict/schema.ts';
import { toPixels } from '../../model/input/pixels/pixels.ts';
import { ofaVe, ofaVeProcess } from '../../testing/cli.ts';
import { fixturePackage, expectedCases, FIXTURES, fixtureFile, type ExpectedCase } from '../../testing/fixtures.ts';
import { serve, type TestService } from './service.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const TOLERANCE = { fp32: 1e-4, fp16: 2e-2 } as const;

const folder = tempFolder();
const judgementOf = predictionSchema.required({ result: true, label: true, confidence: true, scores: true });
const listOf = predictionSchema.required({ results: true });

function expectAnswer(answer: { scores: Record<string, number> }, expected: ExpectedCase, tolerance: number): void {
  // The reference lists its answers in the order of the checkpoint's answer2label, as the package does.
  const got = Object.values(answer.scores);
  expect(got).toHaveLength(expected.probs.length);
  const worst = Math.max(...got.map((value, i) => Math.abs(value - (expected.probs[i] ?? NaN))));
  expect(worst, `${expected.text}: ${got.join(' ')}`).toBeLessThan(tolerance);
}

describe.each(FIXTURES.flatMap((fixture) => (['fp32', 'fp16'] as const).map((p) => [fixture, p] as const)))(
  'the service gives the reference answers: %s, %s',
  (fixture, precision) => {
    let service: TestService;
    let cases: ExpectedCase[] = [];
    let images: Buffer[] = [];
    const tolerance = TOLERANCE[precision];

    beforeAll(async () => {
      cases = await expectedCases(fixture);
      images = await Promise.all(cases.map(({ image }) => readFile(fixtureFile(fixture, image))));
      const MODEL_DIR = await fixturePackage(fixture, precision);
      service = await serve({ MODEL_DIR, MAX_BATCH: 10 });
    });
    afterAll(() => service.stop());

    const ask = async (index: number, texts = [cases[index]?.text ?? '']): Promise<Response> => {
      const premise = cases[index]?.text2;
      const form = new FormData();
      form.append('image', new Blob([Uint8Array.from(images[index] ?? [])]), 'picture.png');
      for (const text of texts) form.append('text', text);
      if (premise !== undefined) form.append('premise', premise);
      const response = await fetch(`${service.url}/predict`, { method: 'POST', body: form });
      expect(response.status).toBe(200);
      return response;
    };

    it('one at a time', async () => {
      for (const [index, expected] of cases.entries()) {
        const answer = judgementOf.parse(await (await ask(index)).json());
        expectAnswer(answer, expected, tolerance);
        if (precision === 'fp32') expect(answer.label).toBe(expected.label);
        expect(answer.labels[answer.result]).toBe(answer.label);
        expect(answer.confidence).toBe(answer.scores[answer.label]);
      }
    });

    if (precision === 'fp32') {
      it('with its log scores', async () => {
        const { signal } = new AbortController();
        for (const [index, { text, text2: premise, log_scores: expected }] of cases.entries()) {
          const request = { image: images[index] ?? Buffer.of(), hypotheses: [text], premise, signal };
          const [answer] = await service.model.predictor.predict(request);
          const scores = Object.values(answer?.logScores ?? {});
          expect(scores).toHaveLength(expected.length);
          for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(expected[i] ?? NaN, 3);
        }
      });
    }

    it('all at once, in batches of different lengths', async () => {
      const rounds = Array.from({ length: 4 }, () => cases.keys()).flatMap((indices) => [...indices]);
      const answers = await Promise.all(rounds.map((index) => ask(index)));
      for (const [at, response] of answers.entries()) {
        const expected = cases[rounds[at] ?? 0];
        if (expected !== undefined) {
          expectAnswer(judgementOf.parse(await response.json()), expected, tolerance);
        }
      }
    });

    it('for many texts about one picture, in order', async () => {
      const texts = cases.map(({ text }) => text);
      const together = listOf.parse(await (await ask(3, texts)).json()).results;
      for (const [index, text] of texts.entries()) {
        const alone = judgementOf.parse(await (await ask(3, [text])).json());
        for (const label of alone.labels) {
          expect(together[index]?.scores[label]).toBeCloseTo(alone.scores[label] ?? NaN, 5);
        }
      }
      expect(together).toHaveLength(texts.length);
    });
  },
);

function premiseOf({ text2 }: ExpectedCase): string[] {
  return text2 === undefined ? [] : ['--premise', text2];
}

describe.each(FIXTURES)('the command line gives the reference answers: %s', (fixture) => {
  let packageDir = '';
  let cases: ExpectedCase[] = [];
  beforeAll(async () => {
    cases = await expectedCases(fixture);
    packageDir = await fixturePackage(fixture);
  });

  const predictJson = z.object({
    label: z.string(),
    confidence: z.number(),
    scores: z.record(z.string(), z.number()),
    log_scores: z.record(z.string(), z.number()),
  });
  const explainJson = z.object({
    prompt: z.string(),
    input_ids: z.array(z.number()),
    tokens: z.array(z.string()),
  });

  // Every case is answered above; these are the way in and out, with a premise and without.
  it('for a case or two', async () => {
    for (const expected of cases.slice(0, 2)) {
      const image = fixtureFile(fixture, expected.image);
      const args = ['--model', packageDir, '--image', image, '--text', expected.text, '--json', ...premiseOf(expected)];
      const { code, stdout, stderr } = await ofaVeProcess(['predict', ...args]);
      expect([code, stderr]).toEqual([0, '']);
      const answer = predictJson.parse(JSON.parse(stdout));
      expectAnswer(answer, expected, TOLERANCE.fp32);
      expect(answer.label).toBe(expected.label);
      for (const [i, score] of Object.values(answer.log_scores).entries()) {
        expect(score).toBeCloseTo(expected.log_scores[i] ?? NaN, 3);
      }
    }
  });

  it('and the tokens and pixels of each', async () => {
    for (const expected of cases) {
      const image = fixtureFile(fixture, expected.image);
      const png = join(folder, 'seen.png');
      const args = ['--model', packageDir, '--text', expected.text, '--image', image, '--pixels', png];
      const { code, stdout, stderr } = await ofaVe(['explain', ...args, '--json', ...premiseOf(expected)]);
      expect([code, stderr]).toEqual([0, '']);
      const seen = explainJson.parse(JSON.parse(stdout));
      expect(seen.input_ids).toEqual(expected.input_ids);
      expect(seen.tokens.at(0)).toBe('<s>');
      expect(seen.tokens.at(-1)).toBe('</s>');
      const { data: pixels, info } = await sharp(await readFile(png))
        .raw()
        .toBuffer({ resolveWithObject: true });
      // The fixtures' pictures have the model's size.
      expect(info.width).toBe((await sharp(await readFile(image)).metadata()).width);
      expect(pixels.equals(await toPixels(await readFile(image), info.width))).toBe(true);
    }
  });
});
