import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { predictionSchema } from '../../service/http/predict/schema.ts';
import { fixturePackage, expectedCases, fixtureFile } from '../../testing/fixtures.ts';
import { metric, until } from './client.ts';
import { serve, type TestService } from './service.ts';

let service: TestService;
beforeAll(async () => {
  service = await serve({ MODEL_DIR: await fixturePackage('mini-none'), LABELS: 'Yes,No,maybe=It may be' });
});
afterAll(() => service.stop());

const NAMES: Readonly<Record<string, string>> = { yes: 'Yes', no: 'No', maybe: 'It may be' };

it('names the same answers', async () => {
  const cases = await expectedCases('mini-none');
  for (const { image, text, label } of cases) {
    const picture = await readFile(fixtureFile('mini-none', image));
    const form = new FormData();
    form.append('image', new Blob([Uint8Array.from(picture)]), image);
    form.append('text', text);
    const response = await fetch(`${service.url}/predict`, { method: 'POST', body: form });
    const answer = predictionSchema.parse(await response.json());
    // What the clients of other services compare.
    expect(answer.labels[answer.result ?? NaN]).toBe(NAMES[label]);
    expect(answer).toMatchObject({ labels: ['Yes', 'No', 'It may be'], label: NAMES[label] });
    expect(answer.scores?.[answer.label ?? '']).toBe(answer.confidence);

    const inputs = [
      { name: 'image', shape: [1], datatype: 'BYTES', data: [picture.toString('base64')] },
      { name: 'text', shape: [1], datatype: 'BYTES', data: [text] },
    ];
    const path = `${service.url}/v2/models/${service.model.predictor.model.name}/infer`;
    const inferred = await fetch(path, { method: 'POST', body: JSON.stringify({ inputs }) });
    const { outputs } = z
      .object({ outputs: z.array(z.object({ name: z.string(), data: z.array(z.unknown()) })) })
      .parse(await inferred.json());
    expect(outputs.find(({ name }) => name === 'label')?.data).toEqual([answer.label]);
    expect(outputs.find(({ name }) => name === 'probabilities')?.data).toEqual(Object.values(answer.scores ?? {}));
  }
  const counted = cases.filter(({ label }) => label === 'yes').length;
  // Metrics keep the model's own words, for each of the two requests.
  await until('counted', async () => {
    const count = await metric(service.adminUrl, 'ofa_ve_answers_total{label="yes"}');
    return count === 2 * counted;
  });
});

it('does not start with names that do not fit the package', async () => {
  const started = serve({ MODEL_DIR: await fixturePackage('mini-none'), LABELS: 'Ja,Nein,Vielleicht' });
  await expect(started).rejects.toThrow('LABELS has "Ja", which is not an answer');
});
