import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { predictionSchema } from '../../service/http/predict/schema.ts';
import { ofaVe } from '../../testing/cli.ts';
import { expectedCases, fixtureFile, fixturePackage } from '../../testing/fixtures.ts';
import { largestDifference } from '../../testing/graph-session.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { serve, type TestService } from './service.ts';

/** int8 rounds; the weights of this small model are random, so that nothing evens it out. */
const TOLERANCE = 0.05;

let folder = '';
let service: TestService;
beforeAll(async () => {
  folder = await fixturePackage('mini-none', 'int8');
  service = await serve({ MODEL_DIR: folder });
});
afterAll(() => service.stop());

it('an int8 package answers like the reference, with the same bits alone and in company', async () => {
  const cases = await expectedCases('mini-none');
  const ask = async ({ image, text }: (typeof cases)[number]) => {
    const form = new FormData();
    form.append('image', new Blob([Uint8Array.from(await readFile(fixtureFile('mini-none', image)))]), image);
    form.append('text', text);
    const response = await fetch(`${service.url}/predict`, { method: 'POST', body: form });
    const { model, scores } = predictionSchema.parse(await response.json());
    expect(model.precision).toBe('int8');
    return Object.values(scores ?? {});
  };
  const alone: number[][] = [];
  for (const each of cases) alone.push(await ask(each));
  alone.forEach((scores, at) => {
    expect(largestDifference(scores, cases[at]?.probs ?? [])).toBeLessThan(TOLERANCE);
  });
  expect(await Promise.all(cases.map(ask))).toEqual(alone);
});

it('inspect prints what it was calibrated with, and whether this processor is fast', async () => {
  const { code, stdout } = await ofaVe(['inspect', folder]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^model +mini-none, int8, compiled by ofa-ve /m);
  expect(stdout).toMatch(/^calibrated +with 16 generated pictures$/m);
  expect(stdout).toMatch(/^processor +(has the instructions that make int8 fast|this processor lists no VNNI)/m);
});

it('compile names a calibration picture that it cannot read', async () => {
  const target = tempFolder();
  const args = ['compile', fixtureFile('mini-none', ''), `${target}/package`, '--precision', 'int8'];
  const { code, stderr } = await ofaVe([...args, '--calibration', target]);
  expect([code, stderr]).toEqual([1, `The calibration folder ${target} has no pictures in it.\n`]);
});
