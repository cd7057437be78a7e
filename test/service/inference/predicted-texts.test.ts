import { describe, expect, it } from 'vitest';
import { UserError } from '../../../model/errors.ts';
import { context, ENDLESS, question, setup, until } from './predictor-setup.ts';

describe('a text', () => {
  it.each([
    [['!'], 'The text contains no words to judge.'],
    [['1', '?! '], 'Text 2 contains no words to judge.'],
  ])('without words is refused before the picture is decoded: %j', async (hypotheses, message) => {
    const { predictor, pictures } = setup();
    const asked = predictor.predict({ image: Uint8Array.of(ENDLESS), hypotheses, ...context() });
    await expect(asked).rejects.toMatchObject({ problem: 'text-empty', field: 'text', message });
    expect(pictures.size).toBe(0);
  });

  it('without words is named by its place among those of all questions', async () => {
    const { predictor } = setup();
    const asked = predictor.predictAll([question(1, 1), { image: Uint8Array.of(1), hypotheses: ['!'] }], context());
    await expect(asked).rejects.toMatchObject({ field: 'text', message: 'Text 2 contains no words to judge.' });
  });

  it.each(['a park', undefined])('is judged with the premise %j', async (premise) => {
    const premises: (string | undefined)[] = [];
    const { predictor, runs, finishAll } = setup(undefined, (_, given) => {
      premises.push(given);
      return { ids: [1], warnings: [] };
    });
    const asked = predictor.predict({ ...question(1, 1), premise, ...context() });
    await until(() => runs.length === 1);
    finishAll();
    await asked;
    expect(premises).toEqual([premise]);
  });

  it('that the package has no prompt for is the client’s mistake', async () => {
    const message = 'This model has no room for a premise.';
    const { predictor } = setup(undefined, () => {
      throw new UserError('input-unreadable', message);
    });
    await expect(predictor.predict({ ...question(1, 1), ...context() })).rejects.toMatchObject({
      problem: 'premise-unsupported',
      field: 'premise',
      message,
    });
  });

  it('is warned about with its place among those of all questions', async () => {
    const { predictor, runs, finishAll } = setup(undefined, (text) => {
      const warnings = text === '1' ? [] : [{ code: 'bidi-mark', field: 'text', problem: `about ${text}` } as const];
      return { ids: [Number(text)], warnings };
    });
    const seen: string[] = [];
    const asked = predictor.predictAll([{ image: Uint8Array.of(1), hypotheses: ['1', '2'] }, question(1, 3)], {
      ...context(),
      onWarning: ({ problem }, index) => seen.push(`${index}: ${problem}`),
    });
    await until(() => runs.length === 1);
    finishAll();
    await until(() => runs.length === 2);
    finishAll();
    expect(await asked).toHaveLength(3);
    expect(seen).toEqual(['1: about 2', '2: about 3']);
  });
});
