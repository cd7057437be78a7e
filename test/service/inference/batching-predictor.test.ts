import { describe, expect, it } from 'vitest';
import { AnswerCache } from '../../../service/inference/answer-cache.ts';
import { DeadlineExceeded, InputError } from '../../../service/inference/errors.ts';
import type { Stage } from '../../../service/inference/observer.ts';
import { context, ENDLESS, question, setup, until } from './predictor-setup.ts';

it('names its model by the first digits of the package’s digest', () => {
  expect(setup().predictor.model).toMatchObject({ name: 'fake', precision: 'fp32', digest: '0123456789ab' });
});

it('keeps a picture while a request about it is open', async () => {
  const { predictor, runs, finishAll, kept, freed } = setup();
  const first = predictor.predict({ ...question(1, 10), ...context() });
  await until(() => runs.length === 1);
  const second = predictor.predict({ ...question(1, 11), ...context() });
  await new Promise((resolve) => setImmediate(resolve));
  finishAll();
  await first;
  await until(() => runs.length === 2);
  expect([kept, freed]).toEqual([[1], []]);
  finishAll();
  await second;
  await until(() => freed.length === 1);
  expect([kept, freed]).toEqual([[1], [1]]);
});

it('preprocesses a picture into pixels that stay when the picture is freed', async () => {
  const { predictor, freed } = setup();
  const image = new Uint8Array(20_000).fill(7);
  const pixels = await predictor.preprocess(image, new AbortController().signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(freed).toEqual([7]);
  expect(pixels).toEqual(new Uint8Array(20_000).fill(7));
});

it('answers in the names and the order of the labels, and counts the model’s own words', async () => {
  const { predictor, runs, finishAll, counted } = setup(undefined, undefined, 'maybe=unsure,yes=Ja,no=Nein');
  const asked = predictor.predict({ ...question(1, 1), ...context() });
  await until(() => runs.length === 1);
  finishAll();
  const scores = { unsure: 0.25, Ja: 0.5, Nein: 0.25 };
  const logScores = { unsure: -3, Ja: -1, Nein: -2 };
  expect(await asked).toEqual([{ result: 1, label: 'Ja', confidence: 0.5, scores, logScores }]);
  expect(counted).toEqual(['yes']);
});

it('does not count answers that its caller may not give', async () => {
  const { predictor, runs, finishAll, counted } = setup();
  const asked = predictor.predict({ ...question(1, 1), ...context(), isUncounted: true });
  await until(() => runs.length === 1);
  finishAll();
  expect(await asked).toHaveLength(1);
  expect(counted).toEqual([]);
});

describe('with kept answers', () => {
  it('computes only what was not asked before, and decodes nothing if all was', async () => {
    const { predictor, runs, finishAll, kept, looked } = setup(new AnswerCache());
    const ask = async (picture: number, ...texts: number[]) => {
      const before = runs.length;
      const asked = predictor.predict({
        image: Uint8Array.of(picture),
        hypotheses: texts.map(String),
        ...context(),
      });
      let isAnswered = false;
      void asked.then(() => (isAnswered = true));
      await until(() => isAnswered || runs.length > before);
      finishAll();
      return (await asked).length;
    };
    expect(await ask(1, 10, 11)).toBe(2);
    expect(await ask(1, 11, 12, 10)).toBe(3);
    expect(await ask(1, 12, 10)).toBe(2);
    // The same text about another picture.
    expect(await ask(2, 10)).toBe(1);
    expect(runs).toEqual([[10, 11], [12], [10]]);
    expect(kept).toEqual([1, 1, 2]);
    expect(looked).toEqual(['answers 0 2', 'answers 2 1', 'answers 2 0', 'answers 0 1']);
  });
});

/** A picture that cannot be decoded. */
const BROKEN = Uint8Array.of(0);

describe('a request of several questions', () => {
  it('is answered in their order', async () => {
    const { predictor, runs, finishAll, pictures } = setup();
    const answers = predictor.predictAll([question(1, 10), question(2, 11)], context());
    await until(() => runs.length === 1);
    finishAll();
    expect((await answers).map(({ label }) => label)).toEqual(['yes', 'yes']);
    expect(runs).toEqual([[10, 11]]);
    await until(() => pictures.size === 0);
  });

  it('takes turns with other requests as one request', async () => {
    const { predictor, runs, finishAll, batcher } = setup();
    const first = predictor.predictAll([question(1, 1)], context());
    await until(() => runs.length === 1);
    const many = predictor.predictAll(
      [10, 11, 12, 13].map((text) => question(text, text)),
      context(),
    );
    await until(() => batcher.waiting === 4);
    const other = predictor.predict({ ...question(2, 20), ...context() });
    await until(() => batcher.waiting === 5);
    const all = Promise.all([first, many, other]);
    for (let run = 1; run <= 4; run++) {
      await until(() => runs.length === run);
      finishAll();
    }
    await all;
    // The other request's item is in the next run, not behind all four.
    expect(runs[1]).toEqual([10, 20]);
  });

  it('stops all work and keeps nothing once one of them fails', async () => {
    const { predictor, runs, batcher, pictures, kept, freed } = setup();
    const asked = predictor.predictAll([question(0, 1), question(1, 2), question(ENDLESS, 3)], context());
    await expect(asked).rejects.toThrow(InputError);
    await until(() => pictures.size === 0);
    await until(() => freed.length === kept.length);
    expect([runs.length, batcher.waiting]).toEqual([0, 0]);
  });

  it.each([
    ['its place among several', [question(1, 1), question(0, 2)], /^Image 2: The image is damaged/],
    [
      'itself where all share it',
      [1, 2].map((text) => ({ ...question(1, text), image: BROKEN })),
      /^The image is damaged/,
    ],
  ])('names a picture that cannot be decoded by %s', async (_, questions, message) => {
    await expect(setup().predictor.predictAll(questions, context())).rejects.toThrow(message);
  });

  it('leaves the queue when its client disconnects', async () => {
    const { predictor, runs, batcher, finishAll } = setup();
    const controller = new AbortController();
    const asked = predictor.predictAll(
      [1, 2, 3].map((text) => question(text, text)),
      { signal: controller.signal },
    );
    await until(() => runs.length === 1);
    controller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(batcher.waiting).toBe(0);
    finishAll();
  });
});

describe('a request past its deadline', () => {
  /** Aborts a request once a condition holds. @returns the stages reported to its observer */
  async function stagesUntil(picture: number, isSo: (all: ReturnType<typeof setup>) => boolean): Promise<string[]> {
    const all = setup();
    const { predictor, measured, runs, finishAll } = all;
    const before = predictor.predict({ ...question(1, 1), ...context() });
    await until(() => runs.length === 1);
    const controller = new AbortController();
    const reported: Stage[] = [];
    const asked = predictor.predict({
      ...question(picture, 2),
      signal: controller.signal,
      observer: { stage: (stage) => reported.push(stage) },
    });
    await until(() => isSo(all));
    controller.abort(new DeadlineExceeded('service'));
    await expect(asked).rejects.toBeInstanceOf(DeadlineExceeded);
    const stages = reported.map(({ name, failed }) => `${name}${failed ? ' failed' : ''}`);
    // The metrics' observer gets the same.
    expect(measured).toEqual(expect.arrayContaining(reported));
    finishAll();
    await before;
    finishAll();
    return stages;
  }

  it('reports a failed preprocess stage', async () => {
    expect(await stagesUntil(ENDLESS, ({ pictures }) => pictures.size === 2)).toEqual([
      'tokenize',
      'preprocess failed',
    ]);
  });

  it('reports a failed queue stage', async () => {
    expect(await stagesUntil(2, ({ batcher }) => batcher.waiting === 1)).toEqual([
      'tokenize',
      'preprocess',
      'queue failed',
    ]);
  });

  it('reports a failed inference stage', async () => {
    const inEngine = (all: ReturnType<typeof setup>): boolean => {
      if (all.batcher.waiting === 1) all.finishAll();
      return all.runs.length === 2;
    };
    expect(await stagesUntil(2, inEngine)).toEqual(['tokenize', 'preprocess', 'queue', 'inference failed']);
  });
});
