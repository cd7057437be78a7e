import { describe, expect, it } from 'vitest';
import { summarizeTextWarnings } from '../../../service/requests/text-warnings.ts';

describe('the warnings of an answer', () => {
  const tab = { code: 'control-character', field: 'text', problem: 'contains a tab' } as const;

  it('name the text', () => {
    expect(summarizeTextWarnings([{ ...tab, index: 0 }], 1)).toEqual([
      { code: 'control-character', field: 'text', detail: 'The text contains a tab.' },
    ]);
    expect(
      summarizeTextWarnings(
        [0, 1].map((index) => ({ ...tab, index })),
        2,
      ),
    ).toEqual([
      { code: 'control-character', field: 'text', detail: 'Text 1 contains a tab. The same holds for 1 more.' },
    ]);
    expect(
      summarizeTextWarnings(
        [1, 2, 5].map((index) => ({ ...tab, index })),
        6,
      ),
    ).toEqual([
      { code: 'control-character', field: 'text', detail: 'Text 2 contains a tab. The same holds for 2 more.' },
    ]);
  });

  it.each([
    [[0], 1, 'The premise contains a tab.'],
    [[0, 1, 2], 3, 'The premise contains a tab.'],
    [[1], 3, 'The premise of text 2 contains a tab.'],
    [[1, 2], 3, 'The premise of text 2 contains a tab. The same holds for 1 more.'],
  ])('name the text whose premise it is, unless all texts have it: %j of %i', (indices, count, detail) => {
    const premise = { ...tab, field: 'premise' } as const;
    const warnings = indices.map((index) => ({ ...premise, index }));
    expect(summarizeTextWarnings(warnings, count)).toEqual([{ code: 'control-character', field: 'premise', detail }]);
  });
});
