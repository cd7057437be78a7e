import { z } from '@hono/zod-openapi';

/** Most characters of one text; the model itself reads the first few dozen words. */
export const MAX_TEXT_CHARACTERS = 10_000;
/** Most hypotheses of one request. */
export const MAX_TEXTS = 32;

/** The end of the sentence that refuses a longer text. */
export const TOO_LONG = `must not be longer than ${MAX_TEXT_CHARACTERS} characters`;

/** A text of a request. */
export const textSchema = z.string({ error: 'must be a text' }).max(MAX_TEXT_CHARACTERS, { error: TOO_LONG });
