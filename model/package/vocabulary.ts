import { z } from 'zod';
import { UserError } from '../errors.ts';

/** Tokens with a special meaning in a sequence. */
export const SPECIAL_TOKENS = { bos: '<s>', pad: '<pad>', eos: '</s>', unk: '<unk>' } as const;

const vocabSchema = z.record(z.string(), z.int().nonnegative());

/** Tokens that no merge makes: control tokens such as `<mask>` and `<|endoftext|>`, and those that fill up BART's table. */
const UNMERGED = /^(?:<.+>|madeupword\d+)$/s;

function invalid(what: string, cause?: unknown): UserError {
  return new UserError('vocabulary-invalid', what, cause === undefined ? undefined : { cause });
}

/**
 * The 256 characters that represent bytes in GPT-2's vocabulary: printable Latin-1 characters represent themselves, and
 * the characters from U+0100 on represent the other bytes, in order.
 */
export function byteSymbols(): string[] {
  const printable = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/**
 * The tokens of `vocab.json` by id.
 *
 * @throws UserError (vocabulary-invalid) if ids are not consecutive, or a special token or a byte is missing
 */
export function parseVocabulary(text: string): string[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid('vocab.json is not JSON.', error);
  }
  const parsed = vocabSchema.safeParse(json);
  if (!parsed.success) throw invalid('vocab.json is not an object from token to id.', parsed.error);
  const entries = Object.entries(parsed.data).sort(([, a], [, b]) => a - b);
  const gap = entries.findIndex(([, id], i) => id !== i);
  if (gap !== -1) {
    throw invalid(`vocab.json does not have exactly one token with the id ${gap}; ids must count from 0 without gaps.`);
  }
  const tokens = entries.map(([token]) => token);
  const known = new Set(tokens);
  for (const token of Object.values(SPECIAL_TOKENS)) {
    if (!known.has(token)) throw invalid(`vocab.json lacks the token ${token}; it is not BART's vocabulary.`);
  }
  const byte = byteSymbols().findIndex((symbol) => !known.has(symbol));
  if (byte !== -1) {
    throw invalid(`vocab.json lacks the byte 0x${byte.toString(16)}; it is not a byte-level vocabulary.`);
  }
  return tokens;
}

/**
 * The pairs of `merges.txt` by descending priority. Like the reference, this ignores the first line, which has the
 * version, and a merge after the last line feed.
 *
 * Each part must be a byte or the result of an earlier merge, and no two merges may have the same result, as in every
 * vocabulary that BPE has learned. Then a merge never makes one of higher priority possible, and merging pair by pair
 * has the same result as merging in rounds, which the reference does. All tokens must be made: without some of the
 * merges, texts would become other tokens than those that the model has learned.
 *
 * @throws UserError (vocabulary-invalid) naming the line or the token
 */
export function parseMerges(text: string, tokens: readonly string[]): [string, string][] {
  const known = new Set(tokens);
  const made = new Set(byteSymbols());
  const merges: [string, string][] = [];
  const lines = text.split('\n').slice(1);
  const unterminated = partsOf(lines.pop() ?? '');
  for (const [i, line] of lines.entries()) {
    const where = `Line ${i + 2} of merges.txt`;
    const [left, right, ...rest] = partsOf(line);
    if (left === undefined) continue;
    if (right === undefined || rest.length > 0) throw invalid(`${where} is not two tokens separated by a space.`);
    const result = left + right;
    if (!known.has(result)) throw invalid(`${where} produces ${result}, which vocab.json lacks.`);
    if (!made.has(left) || !made.has(right)) {
      throw invalid(`${where} merges ${left} and ${right}, one of which no earlier line produces.`);
    }
    if (made.has(result)) throw invalid(`${where} produces ${result}, as an earlier line does.`);
    made.add(result);
    merges.push([left, right]);
  }
  made.add(unterminated.join(''));
  const [missing, ...others] = tokens.filter((token) => !made.has(token) && !UNMERGED.test(token));
  if (missing !== undefined) {
    const more = others.length === 0 ? '' : ` and ${others.length} others`;
    throw invalid(
      `No line of merges.txt produces ${missing}${more} of vocab.json: it is truncated, or of another vocabulary.`,
    );
  }
  return merges;
}

/** The tokens of a line of `merges.txt`. */
function partsOf(line: string): string[] {
  return line.split(/\s+/).filter((part) => part !== '');
}
