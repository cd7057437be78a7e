import type { TextWarning } from '../inference/predictor.ts';

/** Something that a client should know about the texts of its request. */
export interface TextWarningSummary {
  readonly code: TextWarning['code'];
  readonly field: TextWarning['field'];
  /** A sentence for people. */
  readonly detail: string;
}

/**
 * Summarizes the warnings about texts: one for each code and field, about the first text that has it, with the number of
 * others that have it too.
 *
 * @param warnings each with the index of its hypothesis
 * @param count number of hypotheses
 */
export function summarizeTextWarnings(
  warnings: readonly (TextWarning & { readonly index: number })[],
  count: number,
): TextWarningSummary[] {
  const groups = new Map<string, (TextWarning & { readonly index: number })[]>();
  for (const warning of warnings) {
    const key = `${warning.field} ${warning.code}`;
    groups.set(key, [...(groups.get(key) ?? []), warning]);
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { code, field, index, problem } = first;
    // One premise is usually that of all texts.
    const isShared = field === 'premise' && others.length + 1 === count;
    const more = !isShared && others.length > 0 ? ` The same holds for ${others.length} more.` : '';
    const subject = isShared ? 'The premise' : subjectOf(field, index, count);
    return [{ code, field, detail: `${subject} ${problem}.${more}` }];
  });
}

function subjectOf(field: TextWarning['field'], index: number, count: number): string {
  if (field === 'premise') return `The premise of text ${index + 1}`;
  return count > 1 ? `Text ${index + 1}` : 'The text';
}
