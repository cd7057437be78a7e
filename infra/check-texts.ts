import { Yaml } from 'cdk8s';

/**
 * Characters that cdk8s writes as they are, and that end a line for kubectl (U+0085, U+2028, U+2029) or that it refuses
 * (`is_printable` of go-yaml).
 */
const UNWRITABLE = /[\u007f-\u009f\u2028\u2029\ufffe\uffff\ud800-\udfff]/u;
/** What go-yaml takes for a number, underscores aside (`resolve` in its resolve.go). */
const NUMBER = /^[-+]?(?:0o[0-7]+|0b[-+]?[01]+|0x[\da-f]+|(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?)$/i;
/** Lines of which the first with text begins with a tab: go-yaml looks for the indentation there. */
const TAB_FIRST = /^\n*\t/;
/** Lines of spaces alone, or with tabs: go-yaml takes them for the indentation. */
const BLANK = /^(?!\n*$)[ \t\n]+$/;

/**
 * Finds the texts of an object that kubectl, and all else that is written in Go, reads otherwise from YAML than cdk8s
 * has written them.
 *
 * @returns what is wrong with each, and its path
 */
export function misreadTexts(value: unknown, path = ''): string[] {
  if (typeof value === 'string') {
    const problem = problemOf(value);
    return problem === undefined ? [] : [`in ${path} ${problem}`];
  }
  if (Array.isArray(value)) return value.flatMap((entry, index) => misreadTexts(entry, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    const problem = problemOf(name);
    return [...(problem === undefined ? [] : [`in the name of ${inner} ${problem}`]), ...misreadTexts(entry, inner)];
  });
}

function problemOf(text: string): string | undefined {
  const character = UNWRITABLE.exec(text)?.[0].codePointAt(0);
  if (character !== undefined) {
    const name = `U+${character.toString(16).toUpperCase().padStart(4, '0')}`;
    return `the character ${name}, which kubectl does not read as it is; leave it out.`;
  }
  if (!text.startsWith('_') && NUMBER.test(text.replaceAll('_', '')) && Yaml.stringify(text).trimEnd() === text)
    return 'a text that kubectl takes for a number; write it otherwise.';
  // Other lines are written in quotes.
  if (!text.includes('\n') || !Yaml.stringify(text).startsWith('|')) return undefined;
  if (TAB_FIRST.test(text))
    return 'lines of which the first begins with a tab, which kubectl refuses; indent it with spaces.';
  return BLANK.test(text)
    ? 'nothing but spaces and ends of lines, which kubectl does not read as they are; leave it out.'
    : undefined;
}
