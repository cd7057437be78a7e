import { UserError } from '../../model/errors.ts';
import { labelEntries, type LabelEntry } from '../settings/labels.ts';

/** An answer as clients see it. */
export interface Label {
  readonly name: string;
  /** The model's own word for it. */
  readonly answer: string;
  /** Its column in the engine's output. */
  readonly column: number;
}

/**
 * The model's answers, named and ordered by the setting LABELS. Names are matched by what they say, never by position
 * alone: "Yes" for the first answer of a model that starts with "no" would turn every answer around.
 *
 * @param answers the package's answers
 * @param setting the value of LABELS; empty leaves names and order as they are
 * @throws UserError `settings-invalid` unless each answer is named once
 */
export function labelsOf(answers: readonly string[], setting: string): Label[] {
  const entries = labelEntries(setting);
  if (entries.length === 0) return answers.map((answer, column) => ({ name: answer, answer, column }));
  const labels = entries.map((entry) => labelOf(answers, entry));
  const repeated = labels.find(({ column }, index) => labels.findIndex((each) => each.column === column) < index);
  if (repeated !== undefined) throw wrong(`names the answer "${repeated.answer}" twice`, answers);
  if (labels.length < answers.length) throw wrong(`has ${labels.length} names`, answers);
  return labels;
}

function labelOf(answers: readonly string[], entry: LabelEntry): Label {
  // An answer may itself contain "=".
  const candidates = [{ answer: entry.text, name: entry.text }, ...(entry.answer === undefined ? [] : [entry])];
  for (const { answer = '', name } of candidates) {
    const column = columnOf(answers, answer);
    if (column >= 0) return { name, answer: answers[column] ?? '', column };
  }
  if (entry.answer !== undefined) throw wrong(`has "${entry.text}", but "${entry.answer}" is not an answer`, answers);
  throw wrong(
    `has "${entry.name}", which is not an answer; say which one it stands for, as in "ANSWER=${entry.name}"`,
    answers,
  );
}

/** Letters may differ in case, unless two answers differ by that alone. */
function columnOf(answers: readonly string[], answer: string): number {
  const exact = answers.indexOf(answer);
  if (exact >= 0) return exact;
  const lower = answers.map((each) => each.toLowerCase());
  const found = lower.indexOf(answer.toLowerCase());
  return found === lower.lastIndexOf(answer.toLowerCase()) ? found : -1;
}

function wrong(what: string, answers: readonly string[]): UserError {
  const list = answers.join(', ');
  return new UserError('settings-invalid', `LABELS ${what}. It must name each of the model's answers once: ${list}.`);
}
