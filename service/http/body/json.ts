import { MIB } from '../../../model/bytes.ts';
import { HttpProblem, malformedBody } from '../../requests/problem.ts';
import type { JsonBody } from '../../requests/parse.ts';
import { ByteBuilder } from './byte-builder.ts';
import type { RequestBody } from './request-body.ts';

/** Most JSON of a request in MiB. Base64 takes a third more than the file, and far more time than a form does. */
export const MAX_JSON_MIB = 16;
const MAX_JSON_BYTES = MAX_JSON_MIB * MIB;
/** Most JSON outside of strings, in KiB. Bodies have a few hundred bytes; 16 MiB of `[[],[],` would take 300 MB of heap. */
export const MAX_STRUCTURE_KIB = 64;
const MAX_STRUCTURE_BYTES = MAX_STRUCTURE_KIB * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads a body that begins with JSON, without parsing it.
 *
 * @param jsonLength bytes of JSON, which may be more than there are. @default the whole body
 * @throws HttpProblem `body-too-large`, and as {@link RequestBody.chunks}
 */
export async function readJsonBody(body: RequestBody, jsonLength?: number): Promise<JsonBody> {
  if ((jsonLength ?? body.announcedBytes) > MAX_JSON_BYTES) throw tooMuchJson();
  const bytes = new ByteBuilder(body.announcedBytes);
  for await (const chunk of body.chunks()) {
    bytes.append(chunk);
    if (jsonLength === undefined && bytes.length > MAX_JSON_BYTES) throw tooMuchJson();
  }
  return { bytes: bytes.bytes(), jsonLength: jsonLength ?? bytes.length };
}

/**
 * Parses the JSON of a body.
 *
 * @throws HttpProblem `malformed-body`, `body-too-large`
 */
export function parseJson({ bytes, jsonLength }: JsonBody): unknown {
  const json = bytes.subarray(0, jsonLength);
  checkStructure(json);
  const text = decodeUtf8(json);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw malformedBody(notJson(text, (cause as SyntaxError).message), cause);
  }
}

function decodeUtf8(json: Uint8Array): string {
  const [first, second] = json;
  if (first === 0x1f && second === 0x8b) {
    throw malformedBody('The body is compressed by gzip: say so in the header Content-Encoding.');
  }
  // Their byte order marks, or the zeros of an ASCII character.
  if (first === 0xfe || first === 0xff || first === 0 || second === 0) {
    throw malformedBody('The body is in UTF-16 or UTF-32: send JSON in UTF-8.');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(json);
  } catch (cause) {
    throw malformedBody('The body is not in UTF-8, as JSON must be.', cause);
  }
}

/**
 * What is wrong with a text that is not JSON, without quoting from it.
 *
 * @param reason the parser's message, which has a position or the first wrong character, but quotes as well
 */
function notJson(text: string, reason: string): string {
  if (text.trim() === '') return 'The body is empty: send JSON.';
  const [, position] = / at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(reason) ?? [];
  if (reason === 'Unexpected end of JSON input' || Number(position) >= text.length) {
    return 'The body is not JSON: it ends too early.';
  }
  if (position !== undefined) return `The body is not JSON: its syntax is wrong at character ${Number(position) + 1}.`;
  const [, character] = /^Unexpected token '(.)'/u.exec(reason) ?? [];
  return character === undefined
    ? 'The body is not JSON.'
    : `The body is not JSON: it has ${JSON.stringify(character)} where that is not allowed.`;
}

function checkStructure(json: Uint8Array): void {
  if (json.length <= MAX_STRUCTURE_BYTES) return;
  let structure = 0;
  let isInString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString && byte === BACKSLASH) at++;
    if (!isInString) structure++;
  }
  if (structure > MAX_STRUCTURE_BYTES) {
    throw new HttpProblem('body-too-large', 'The body has too much JSON besides its texts and images.');
  }
}

function tooMuchJson(): HttpProblem {
  return new HttpProblem(
    'body-too-large',
    `JSON must not be larger than ${MAX_JSON_MIB} MiB; send a larger image as a file, in a multipart form or a binary tensor.`,
  );
}
