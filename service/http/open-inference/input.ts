import { readJsonBody } from '../body/json.ts';
import { parseBody } from '../../requests/parse.ts';
import { mediaTypeOf, unsupportedType } from '../body/media-type.ts';
import type { RequestBody } from '../body/request-body.ts';
import { HttpProblem } from '../../requests/problem.ts';
import { parser, type InferRequest } from './parse.ts';
import { JSON_LENGTH_HEADER } from './schema.ts';

/** The types of a request, and those that HTTP clients send unless they are given one: Triton's client gives none. */
const MEDIA_TYPES = new Set([
  undefined,
  'application/json',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  'text/plain',
]);

/**
 * Reads an inference request: JSON, or JSON with binary tensors behind it.
 *
 * @throws HttpProblem that names the field or input at fault
 */
export async function readInferRequest(body: RequestBody): Promise<InferRequest> {
  if (!MEDIA_TYPES.has(mediaTypeOf(body.headers))) {
    throw unsupportedType(body.headers, 'application/json, or application/octet-stream with binary tensors');
  }
  const announced = body.headers.get(JSON_LENGTH_HEADER);
  if (announced !== null && !/^\d{1,12}$/.test(announced)) throw invalid('must be a whole number of bytes');
  const jsonLength = announced === null ? undefined : Number(announced);
  if (body.announcedBytes > 0 && jsonLength !== undefined && jsonLength > body.announcedBytes) throw tooLong();
  const read = await readJsonBody(body, jsonLength);
  if (read.jsonLength > read.bytes.length) throw tooLong();
  return parseBody(parser, read, body.signal);
}

function tooLong(): HttpProblem {
  return invalid('is larger than the body');
}

function invalid(what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The header ${JSON_LENGTH_HEADER} ${what}.`, {
    field: JSON_LENGTH_HEADER,
  });
}
