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
    const premise = { ...tab, field: 'premise' } as const;
    expect(
      summarizeTextWarnings(
        [1, 2, 5].flatMap((index) => [
          { ...tab, index },
          { ...premise, index },
        ]),
        6,
      ),
    ).toEqual([
      { code: 'control-character', field: 'text', detail: 'Text 2 contains a tab. The same holds for 2 more.' },
      { code: 'control-character', field: 'premise', detail: 'The premise contains a tab.' },
    ]);
  });
});
