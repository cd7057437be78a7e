import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel, predict, type Model, type ModelSettings, type TextWarning } from '../../library/index.ts';
import { expectedCases, fixtureFile, fixturePackage } from '../../testing/fixtures.ts';

describe('an open model', () => {
  let model: Model;
  let image: Buffer;
  beforeAll(async () => {
    const folder = await fixturePackage('mini-none');
    model = await openModel(folder, { DEVICE: 'cpu', ENGINE_THREADS: 1, LABELS: 'Yes,No,Maybe' });
    image = await readFile(fixtureFile('mini-none', 'image-00.png'));
  });
  afterAll(async () => {
    await model.close();
  });

  it('answers several texts in their order, as one by one', async () => {
    const cases = (await expectedCases('mini-none')).filter((each) => each.image === 'image-00.png');
    const texts = cases.map(({ text }) => text);
    const answers = await predict(model, { image, text: texts });
    expect(answers.map(({ label }) => label.toLowerCase())).toEqual(cases.map(({ label }) => label));
    expect(await Promise.all(texts.map((text) => predict(model, { image, text })))).toEqual(answers);
    expect(model.labels).toEqual(['Yes', 'No', 'Maybe']);
  });

  it('reports warnings with the index of their text', async () => {
    const warnings: [string, number][] = [];
    const onWarning = ({ code }: TextWarning, index: number): void => {
      warnings.push([code, index]);
    };
    await predict(model, { image, text: ['a dog', 'a\u00a0dog'] }, { onWarning });
    expect(warnings).toEqual([['no-break-space', 1]]);
  });

  it('withdraws a question whose signal is aborted', async () => {
    const reason = new Error('no longer wanted');
    await expect(predict(model, { image, text: 'a dog' }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('is needed to predict', async () => {
    await expect(predict({ ...model }, { image, text: 'a dog' })).rejects.toThrow(
      'not one that openModel has returned',
    );
  });
});

it('a model may be closed twice, and while another one answers', async () => {
  const folder = await fixturePackage('mini-none');
  const open = () => openModel(folder, { DEVICE: 'cpu', ENGINE_THREADS: 1 });
  const [one, other] = [await open(), await open()];
  const names = Array.from({ length: 10 }, (_, index) => fixtureFile('mini-none', `image-0${index}.png`));
  const images = await Promise.all(names.map((name) => readFile(name)));
  const answers = images.map((image) => predict(other, { image, text: 'a dog' }));
  await answers[0];
  await one.close();
  await one.close();
  expect(await Promise.all(answers)).toHaveLength(10);
  await other.close();
});

it('settings that are wrong or no settings of a model are refused', async () => {
  const settings = { MAX_BATCH: 0, PORT: 80 } as ModelSettings;
  await expect(openModel('package', settings)).rejects.toMatchObject({
    code: 'settings-invalid',
    message: expect.stringMatching(
      /^Wrong settings: PORT is not one of LABELS, .*; MAX_BATCH is 0 but must be a whole number from 1 to 256\.$/,
    ) as string,
  });
});
