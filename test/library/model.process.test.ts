import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  openModel,
  predict,
  toPixels,
  type CompileOptions,
  type Model,
  type ModelSettings,
  type Question,
  type ToPixelsOptions,
  type TextWarning,
} from '../../library/index.ts';
import { expectedCases, fixtureFile, fixturePackage } from '../../testing/fixtures.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

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
    expect(await predict(model, { image, text: [] })).toEqual([]);
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

  it.each<[string, object, object, string]>([
    [
      'no image',
      { image: undefined },
      {},
      'image must be a Uint8Array or Buffer with the bytes of a file, not undefined.',
    ],
    ['a path', { image: 'a.png' }, {}, 'image must be a Uint8Array or Buffer with the bytes of a file, not "a.png".'],
    ['an ArrayBuffer', { image: new ArrayBuffer(1) }, {}, 'of a file, not an ArrayBuffer.'],
    ['a promise', { image: Promise.resolve() }, {}, 'of a file, not a promise: await it first.'],
    ['no text', { text: undefined }, {}, 'text must be a string or an array of strings, not undefined.'],
    ['a number in the list', { text: ['a dog', 5] }, {}, 'text[1] must be a string, not 5.'],
    ['no premise', { premise: null }, {}, 'premise must be a string, not null.'],
    ['another signal', {}, { signal: new EventTarget() }, 'signal must be an AbortSignal, not an EventTarget.'],
    ['another option', {}, { timeout: 1 }, 'The option "timeout" is not one of signal, onWarning.'],
    ['another callback', {}, { onWarning: 'warn' }, 'onWarning must be a function, not "warn".'],
  ])('names what is of a wrong type: %s', async (_, question, options, message) => {
    const wrong = { image, text: 'a dog', ...question } as Question;
    const refused = predict(model, wrong, options);
    await expect(refused).rejects.toBeInstanceOf(TypeError);
    await expect(refused).rejects.toThrow(message);
  });

  it('takes a question with further members, and options that are undefined', async () => {
    const row = { image, text: 'a dog', id: 5 };
    expect(await predict(model, row, { signal: undefined })).toEqual(await predict(model, { image, text: 'a dog' }));
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

it('a closed model refuses every question, even one that it has answered', async () => {
  const question = { image: await readFile(fixtureFile('mini-none', 'image-00.png')), text: 'a dog' };
  let closed: Model;
  {
    await using model = await openModel(await fixturePackage('mini-none'), {
      DEVICE: 'cpu',
      ENGINE_THREADS: undefined,
    });
    closed = model;
    await predict(model, question);
  }
  await expect(predict(closed, question)).rejects.toMatchObject({
    name: 'EngineUnavailable',
    message: 'The model is closed.',
  });
});

it('options of a wrong type are named', async () => {
  const folder = new URL('.', import.meta.url) as unknown as string;
  await expect(openModel(folder)).rejects.toThrow("The model package's folder must be a string, not a URL.");
  await expect(compile(folder, 'package')).rejects.toThrow('The checkpoint folder must be a string, not a URL.');
  await expect(compile('checkpoint', folder)).rejects.toThrow('The package folder must be a string, not a URL.');
  const wrong = { precision: 'fp8' } as unknown as CompileOptions;
  await expect(compile(fixtureFile('mini-none', ''), 'package', wrong)).rejects.toMatchObject({
    code: 'settings-invalid',
    message: 'The precision (--precision) must be one of fp32, fp16, int8.',
  });
  await expect(compile(fixtureFile('mini-none', ''), 'package', { calibration: 'pictures' })).rejects.toThrow(
    '--calibration is for int8 alone',
  );
  const [bytes, turned] = [Buffer.from('GIF89a'), { orientation: 'turned' as 'stored' }];
  await expect(toPixels('a.png' as unknown as Buffer, 32)).rejects.toThrow('The image must be a Uint8Array or Buffer');
  await expect(toPixels(bytes, 32, turned)).rejects.toThrow(
    'orientation must be one of upright, stored, not "turned".',
  );
  const unknown = { orient: 'stored' } as ToPixelsOptions;
  await expect(toPixels(bytes, 32, unknown)).rejects.toThrow(
    new TypeError('The option "orient" is not one of signal, orientation.'),
  );
  await expect(toPixels(bytes, '32' as unknown as number)).rejects.toThrow(
    new TypeError('The size of the pixels must be a number, not "32".'),
  );
  await expect(openModel('package', [] as ModelSettings)).rejects.toThrow(
    'The settings must be an object, not an Array.',
  );
});

it.each<[object, string]>([
  [[], 'The options must be an object, not an Array.'],
  [
    { precision: undefined, force: true },
    'The option "force" is not one of precision, calibration, name, knows, examples, maxTextTokens, replace, onProgress, onNote.',
  ],
  [{ precision: null }, 'precision must be a string, not null.'],
  [{ calibration: new URL('file:///pictures') }, 'calibration must be a string, not a URL.'],
  [{ name: null }, 'name must be a string, not null.'],
  [{ knows: 5 }, 'knows must be a string, not 5.'],
  [{ examples: 5 }, 'examples must be a string, not 5.'],
  [{ maxTextTokens: '12' }, 'maxTextTokens must be a number, not "12".'],
  [{ replace: 'no' }, 'replace must be true or false, not "no".'],
  [{ onProgress: true }, 'onProgress must be a function, not true.'],
  [{ onNote: {} }, 'onNote must be a function, not an Object.'],
])('unknown options of compile and those of a wrong type are named before the work: %o', async (options, message) => {
  const target = path.join(tempFolder(), 'package');
  const refused = compile(fixtureFile('mini-none', ''), target, options);
  await expect(refused).rejects.toThrow(new TypeError(message));
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
