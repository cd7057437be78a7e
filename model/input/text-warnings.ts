import { clean, type EncodedPrompt, type TextSettings } from './tokens.ts';

/** What a user may not know about a text that the model reads. */
export interface TextWarning {
  readonly code:
    | 'control-character'
    | 'no-break-space'
    | 'zero-width-space'
    | 'bidi-mark'
    | 'replacement-character'
    | 'words-cut-off'
    | 'tokens-cut-off';
  readonly field: 'text' | 'premise';
  /** What is the matter, as the end of a sentence that begins with the text. */
  readonly problem: string;
}

/**
 * Characters that look like nothing or like a space but are tokens of their own, and so can change an answer. Runs of
 * white space are one space for the model; one alone is kept, as in the reference.
 */
const CHARACTERS: readonly (readonly [code: TextWarning['code'], pattern: RegExp, name: string])[] = [
  ['control-character', /[\0-\x1f\x7f-\x9f]/, 'a control character such as a tab or a line feed'],
  ['no-break-space', /[\xa0\u2007\u202f]/, 'a no-break space'],
  ['zero-width-space', /[\u200b\u2060\ufeff]/, 'a zero-width space'],
  ['bidi-mark', /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/, 'a mark of writing direction'],
  ['replacement-character', /\ufffd/, 'a replacement for characters that were lost before'],
];

/**
 * Finds what may make an answer differ from what a user expects. Only what is left after cleaning counts.
 *
 * @param encoded the prompt of these texts
 */
export function textWarnings(
  settings: Pick<TextSettings, 'maxWords' | 'maxTokens'>,
  encoded: Pick<EncodedPrompt, 'truncatedTokens'>,
  hypothesis: string,
  premise?: string,
): TextWarning[] {
  const warnings = warningsOf('text', hypothesis, settings.maxWords);
  if (premise !== undefined) warnings.push(...warningsOf('premise', premise, settings.maxWords));
  const tokens = encoded.truncatedTokens;
  if (tokens > 0) {
    const problem = `does not fit: the model reads ${settings.maxTokens} tokens of the prompt, and ${cutOff(tokens)}`;
    warnings.push({ code: 'tokens-cut-off', field: 'text', problem });
  }
  return warnings;
}

function warningsOf(field: TextWarning['field'], text: string, maxWords: number): TextWarning[] {
  const cleaned = clean(text, maxWords);
  const warnings: TextWarning[] = [];
  for (const [code, pattern, name] of CHARACTERS) {
    const [found] = pattern.exec(cleaned.text) ?? [];
    if (found === undefined) continue;
    const point = `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    warnings.push({
      code,
      field,
      problem: `contains ${name} (${point}), which the model reads and which can change its answer`,
    });
  }
  const { truncatedWords: words } = cleaned;
  if (words > 0) {
    const problem = `is too long: the model reads ${maxWords} words of it, and ${cutOff(words)}`;
    warnings.push({ code: 'words-cut-off', field, problem });
  }
  return warnings;
}

function cutOff(count: number): string {
  return count === 1 ? 'the last one is cut off' : `the last ${count} are cut off`;
}
