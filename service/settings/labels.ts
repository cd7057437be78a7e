/** An entry of the setting LABELS: `Name` or `answer=Name`. */
export interface LabelEntry {
  /** The whole entry. */
  readonly text: string;
  /** What precedes the first `=`; undefined without one. */
  readonly answer: string | undefined;
  /** What clients see. */
  readonly name: string;
}

const MAX_NAME = 100;

/** Splits the setting LABELS; empty text has no entries. */
export function labelEntries(text: string): LabelEntry[] {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const entry = part.trim();
    const [, answer, name = entry] = /^([^=]*)=(.*)$/s.exec(entry) ?? [];
    return { text: entry, answer: answer?.trim(), name: name.trim() };
  });
}

/** @returns what the setting LABELS must be, or `undefined` if it is that already */
export function checkLabels(text: string): string | undefined {
  const names = labelEntries(text).map(({ name }) => name);
  const wrong = names.find((name) => name === '' || name.length > MAX_NAME || /\p{Cc}/u.test(name));
  if (wrong !== undefined || names.length === 1) {
    return `at least two names of 1 to ${MAX_NAME} printable characters, separated by commas`;
  }
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  return repeated === undefined ? undefined : `different names, of which "${repeated}" occurs twice`;
}
