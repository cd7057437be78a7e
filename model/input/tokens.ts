import { UserError } from '../errors.ts';
import type { Manifest } from '../package/manifest.ts';
import type { Tokenizer } from '../package/tokenizer.ts';

/** The prompts and limits of a model package. */
export type TextSettings = Manifest['text'];

/** The encoder's text. */
export interface EncodedPrompt {
  readonly prompt: string;
  /** `<s>`, the prompt's tokens, `</s>`. */
  readonly ids: number[];
  /** Number of tokens that were cut off the end of the prompt. */
  readonly truncatedTokens: number;
  /** Number of words that were cut off hypothesis and premise. */
  readonly truncatedWords: number;
}

/** Two or more consecutive characters for which Python's `str.isspace` is true. */
const WHITESPACE_RUNS = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{2,}/g;

/**
 * Cleans a user's text as the reference's preprocessor does (`pre_caption`): lower case; no `,.!?*#:;~` at the
 * start; `-` and `/` as spaces; `<person>` as `person`; runs of whitespace as one space; no line feeds at the
 * end, then no spaces at both ends; at most `maxWords` words.
 *
 * JavaScript and Python agree on lower case (final sigma and dotted I included), except for letters that only one of
 * them knows, from a newer version of Unicode.
 *
 * @returns the text, and the number of words that were cut off
 */
export function clean(text: string, maxWords: number): { text: string; truncatedWords: number } {
  const words = text
    .toWellFormed()
    .toLowerCase()
    .replace(/^[,.!?*#:;~]+/, '')
    .replaceAll(/[-/]/g, ' ')
    .replaceAll('<person>', 'person')
    .replace(WHITESPACE_RUNS, ' ')
    // There are no runs of whitespace any more, so at most one character to remove at each end.
    .replace(/\n$/, '')
    .replace(/^ | $/g, '')
    .split(' ');
  return {
    text: words.slice(0, maxWords).join(' '),
    truncatedWords: Math.max(0, words.length - maxWords),
  };
}

/** Replaces each `{}` of a template, in order. */
function fill(template: string, values: readonly string[]): string {
  const [start = '', ...rest] = template.split('{}');
  if (rest.length !== values.length) {
    throw new UserError(
      'input-unreadable',
      values.length > rest.length
        ? "This model's prompt has no room for a premise: send only the hypothesis."
        : "This model's prompt needs a premise: send one with the hypothesis.",
    );
  }
  return start + rest.map((part, i) => (values[i] ?? '') + part).join('');
}

/**
 * Builds the prompt from the cleaned texts.
 *
 * @param hypothesis the sentence to judge
 * @param premise a text that is given as true; an empty one counts as a premise
 * @throws UserError (input-unreadable) if the number of `{}` in the package's prompt differs from the number of texts
 */
export function buildPrompt(
  settings: Pick<TextSettings, 'prompts' | 'maxWords'>,
  hypothesis: string,
  premise?: string,
): { prompt: string; truncatedWords: number } {
  const { prompts, maxWords } = settings;
  const texts = premise === undefined ? [hypothesis] : [premise, hypothesis];
  const cleaned = texts.map((text) => clean(text, maxWords));
  const template = premise === undefined ? prompts.hypothesis : prompts.premise;
  const prompt = fill(
    template,
    cleaned.map(({ text }) => text),
  );
  return { prompt, truncatedWords: cleaned.reduce((sum, each) => sum + each.truncatedWords, 0) };
}

/**
 * Builds the prompt and encodes it: `<s>`, its first `maxTokens` tokens, `</s>`.
 *
 * @throws UserError as {@link buildPrompt} does
 */
export function encodePrompt(
  tokenizer: Tokenizer,
  settings: TextSettings,
  hypothesis: string,
  premise?: string,
): EncodedPrompt {
  const { prompt, truncatedWords } = buildPrompt(settings, hypothesis, premise);
  const tokens = tokenizer.encode(prompt);
  const { bos, eos } = settings.specialTokens;
  return {
    prompt,
    ids: [bos, ...tokens.slice(0, settings.maxTokens), eos],
    truncatedTokens: Math.max(0, tokens.length - settings.maxTokens),
    truncatedWords,
  };
}

/** Whether no words are left of a text after cleaning. */
export function isBlank(text: string | undefined): boolean {
  return text === undefined || !/\S/.test(clean(text, Infinity).text);
}
