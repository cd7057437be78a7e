import { z } from '@hono/zod-openapi';
import { clip, quote } from '../../requests/check.ts';

/** Every warning of an answer, by its code, which stays as it is. */
const WARNINGS = {
  'unknown-field': 'The request has a field that this version does not know, and the answer ignores it.',
  'control-character': 'A text contains a tab, a line feed or another control character.',
  'no-break-space': 'A text contains a no-break space.',
  'zero-width-space': 'A text contains a zero-width space.',
  'bidi-mark': 'A text contains a mark of writing direction.',
  'replacement-character': 'A text contains U+FFFD, in place of characters that were lost before it arrived.',
  'words-cut-off': 'A text has more words than the model reads.',
  'tokens-cut-off': 'The prompt has more tokens than the model reads.',
} as const satisfies Record<string, string>;

/** See {@link WARNINGS}. */
type WarningCode = keyof typeof WARNINGS;

/** What a client should know about an answer that was given nevertheless. */
export interface Warning {
  readonly code: WarningCode;
  /** A sentence for people. */
  readonly detail: string;
  /** The field of the request that it is about. */
  readonly field?: string;
}

/** Most fields that are named, so that the answer does not grow with the request. */
const MAX_NAMED = 10;

/** A warning in an answer. Its code is not an enumeration, since generated clients refuse values that are added later. */
export const warningSchema = z
  .object({
    code: z.string().openapi({
      description: `Stable, for programs; later versions may add some. ${describeCodes()}`,
      example: 'unknown-field',
    }),
    detail: z.string().openapi({ example: 'The field "txt" is unknown and was ignored.' }),
    field: z.string().optional().openapi({ description: 'The field of the request.', example: 'txt' }),
  })
  .openapi('Warning');

/** A warning for each unknown field; of more than a few, the number. */
export function unknownFields(names: readonly string[]): Warning[] {
  const warnings = names.slice(0, MAX_NAMED).map((name): Warning => {
    return { code: 'unknown-field', detail: `The field ${quote(name)} is unknown and was ignored.`, field: clip(name) };
  });
  const more = names.length - MAX_NAMED;
  if (more <= 0) return warnings;
  const detail =
    more === 1 ? '1 more field is unknown and was ignored.' : `${more} more fields are unknown and were ignored.`;
  return [...warnings, { code: 'unknown-field', detail }];
}

function describeCodes(): string {
  return Object.entries(WARNINGS)
    .map(([code, description]) => `\`${code}\`: ${description}`)
    .join(' ');
}
