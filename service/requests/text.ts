import { z } from '@hono/zod-openapi';

/** Most characters (code points) of one text; the model itself reads the first few dozen words. */
export const MAX_TEXT_CHARACTERS = 10_000;
/** Most hypotheses of one request. */
export const MAX_TEXTS = 32;

/** The end of the sentence that refuses a longer text. */
export const TOO_LONG = `must not be longer than ${MAX_TEXT_CHARACTERS} characters`;

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
