import { HttpProblem } from './problem.ts';
import { quote } from './check.ts';

const DATA_URI = /^data:[^,]{0,200};base64,/i;

/**
 * Decodes base64 (RFC 4648, also its URL-safe alphabet, padded or not, broken into lines or not), or a data URI with
 * base64, which may be percent-encoded.
 *
 * @returns undefined where the text is neither, or stands for no bytes
 */
export function decodeBase64(text: string): Buffer | undefined {
  const encoded = withoutScheme(withoutBreaks(text));
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0;
  const characters = encoded.length - padding;
  const bytes = Buffer.from(encoded, 'base64');
  // Node.js skips foreign characters, and fewer bytes than the characters stand for show it. A lone last character
  // stands for none.
  const isValid = characters % 4 !== 1 && bytes.length === Math.floor((characters * 3) / 4);
  return isValid && bytes.length > 0 ? bytes : undefined;
}

function withoutBreaks(text: string): string {
  return text.replaceAll(/[\r\n]+/g, '');
}

/** The data of a data URI as it was before it was percent-encoded; any other text as it is. */
function withoutScheme(text: string): string {
  const scheme = DATA_URI.exec(text)?.[0];
  if (scheme === undefined) return text;
  const data = text.slice(scheme.length);
  try {
    return data.includes('%') ? withoutBreaks(decodeURIComponent(data)) : data;
  } catch {
    // Refused as base64.
    return data;
  }
}

/** What to say about texts that are sent by mistake. */
const HINTS: readonly (readonly [text: RegExp, hint: string])[] = [
  [/^https?:/i, '; the service does not fetch URLs'],
  [/^(?=[^]*[ \t])(data:[^,]{0,200};base64,)?[\w+/=\s-]*$/i, '; it contains spaces, perhaps in place of +'],
  [/^b['"]/, `; b'...' is how Python prints bytes: send base64.b64encode(...).decode()`],
];

/**
 * Decodes an image that was sent as text; see {@link decodeBase64}.
 *
 * @param field the name under which it was sent
 * @throws HttpProblem `invalid-field`
 */
export function decodeImage(text: string, field: string): Buffer {
  const bytes = decodeBase64(text);
  if (bytes !== undefined) return bytes;
  // A browser writes "data:," for a canvas without pixels.
  if (/^(data:,|data:[^,]{0,200};base64,)?[\r\n]*$/i.test(text)) throw emptyImage(field);
  const [, hint = ''] = HINTS.find(([pattern]) => pattern.test(text)) ?? [];
  throw new HttpProblem(
    'invalid-field',
    `The field ${quote(field)} must be an image file in base64, or a data URI with base64${hint}.`,
    { field },
  );
}

/** The error of an image without bytes, however it was sent. */
export function emptyImage(field: string): HttpProblem {
  return new HttpProblem('invalid-field', `The field ${quote(field)} is empty.`, { field });
}
