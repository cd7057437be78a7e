import { MIB } from '../../../model/bytes.ts';
import { HttpProblem } from '../../requests/problem.ts';
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
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)) as unknown;
  } catch (cause) {
    throw new HttpProblem('malformed-body', 'The body is not JSON in UTF-8.', { cause });
  }
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
    throw new HttpProblem('body-too-large', 'The body has too much JSON beside its texts and images.');
  }
}

function tooMuchJson(): HttpProblem {
  return new HttpProblem(
    'body-too-large',
    `JSON must not be larger than ${MAX_JSON_MIB} MiB; send a larger image as a file, in a multipart form or a binary tensor.`,
  );
}
