import { z } from '@hono/zod-openapi';
import { missingField } from './check.ts';
import { HttpProblem } from './problem.ts';

/** Most characters (code points) of one text; the model itself reads the first few dozen words. */
export const MAX_TEXT_CHARACTERS = 10_000;
/** Most hypotheses of one request. */
export const MAX_TEXTS = 32;

/** The end of the sentence that refuses a longer text. */
export const TOO_LONG = `must not be longer than ${MAX_TEXT_CHARACTERS} characters`;

/** The end of the sentence that refuses more hypotheses. */
export const TOO_MANY = `must not hold more than ${MAX_TEXTS} texts`;

/** A text of a request. */
export const textSchema = z
  .string({ error: 'must be a text' })
  .refine(isShort, { error: TOO_LONG })
  .openapi({ maxLength: MAX_TEXT_CHARACTERS });

/** JSON Schema counts code points, JavaScript UTF-16 units, which are at most twice as many. */
function isShort(text: string): boolean {
  if (text.length <= MAX_TEXT_CHARACTERS) return true;
  return text.length <= 2 * MAX_TEXT_CHARACTERS && Array.from(text).length <= MAX_TEXT_CHARACTERS;
}

/**
 * The hypotheses of a request that has either `text` or `texts`.
 *
 * @param unknown names of its unknown fields
 * @throws HttpProblem `missing-field` or `invalid-field`
 */
export function hypothesesOf(
  text: string | undefined,
  texts: readonly string[] | undefined,
  unknown: readonly string[] = [],
): readonly string[] {
  // Generated clients in Java send an empty list for one that is absent.
  if (text !== undefined && (texts?.length ?? 0) > 0) {
    throw new HttpProblem('invalid-field', 'Only one of the fields "text" and "texts" may be given.', {
      field: 'texts',
    });
  }
  if (text === undefined && texts?.length === 0) {
    throw new HttpProblem('invalid-field', 'The field "texts" must hold at least one text.', { field: 'texts' });
  }
  const hypotheses = text === undefined ? texts : [text];
  if (hypotheses === undefined) throw missingField('text', unknown);
  return hypotheses;
}
