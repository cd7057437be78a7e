import { emptyImage } from '../../requests/base64.ts';
import { checkBody, missingField, repeatedField } from '../../requests/check.ts';
import { parseForm, type Form } from '../body/form.ts';
import { readJsonBody } from '../body/json.ts';
import { parseBody } from '../../requests/parse.ts';
import { mediaTypeOf, unsupportedType } from '../body/media-type.ts';
import type { RequestBody } from '../body/request-body.ts';
import { HttpProblem } from '../../requests/problem.ts';
import { checkExplain, parser, type PredictInput } from './parse.ts';
import { MAX_TEXT_CHARACTERS, MAX_TEXTS, TOO_LONG, TOO_MANY } from '../../requests/text.ts';
import { formBodySchema, MAX_PARTS, NOT_A_FILE, oneTextFormSchema } from './schema.ts';
import { unknownFields } from './warnings.ts';

/** What a form may have. */
const FORM_LIMITS = {
  // "texts" is read to refuse it: ignored, its sentences would get no answer.
  known: new Set([...Object.keys(formBodySchema.shape), 'texts']),
  files: { names: new Set(['image']), notAFile: NOT_A_FILE },
  parts: MAX_PARTS,
  textBytes: 4 * MAX_TEXT_CHARACTERS,
  tooLong: TOO_LONG,
  repeated: { name: 'text', most: MAX_TEXTS, tooMany: TOO_MANY },
} as const;

/**
 * Reads a prediction request from a multipart form or JSON.
 *
 * @throws HttpProblem that names the field at fault
 */
export async function readPredictInput(body: RequestBody): Promise<PredictInput> {
  switch (mediaTypeOf(body.headers)) {
    case 'multipart/form-data':
      return fromForm(await parseForm(body, FORM_LIMITS));
    case 'application/json':
      return readPredictJson(body);
    default:
      throw unsupportedType(body.headers, 'multipart/form-data or application/json');
  }
}

/**
 * Reads a prediction request from JSON.
 *
 * @throws HttpProblem that names the field at fault
 */
export async function readPredictJson(body: RequestBody): Promise<PredictInput> {
  if (mediaTypeOf(body.headers) !== 'application/json') {
    throw unsupportedType(body.headers, 'application/json');
  }
  return parseBody(parser, await readJsonBody(body), body.signal);
}

/**
 * Reads a form that has only an image.
 *
 * @throws HttpProblem that names the field at fault
 */
export async function readImageForm(body: RequestBody): Promise<Uint8Array> {
  if (mediaTypeOf(body.headers) !== 'multipart/form-data') {
    throw unsupportedType(body.headers, 'multipart/form-data');
  }
  const { files, unknown } = await parseForm(body, FORM_LIMITS);
  const [image, ...others] = files.get('image') ?? [];
  if (image === undefined) throw missingField('image', [...unknown]);
  if (image.length === 0) throw emptyImage('image');
  if (others.length > 0) throw repeatedField('image');
  return image;
}

function fromForm({ texts, files, unknown }: Form): PredictInput {
  if (texts.has('texts') || files.has('texts')) {
    throw new HttpProblem('invalid-field', 'Only JSON has the field "texts"; in a form, repeat "text".', {
      field: 'texts',
    });
  }
  const fields = new Map<string, unknown>();
  for (const [name, [file, ...others]] of files) {
    if (!FORM_LIMITS.files.names.has(name)) throw notAText(name);
    if (others.length > 0 || texts.has(name)) throw repeatedField(name);
    fields.set(name, file);
  }
  for (const [name, values] of texts) {
    if (name !== 'text' && values.length > 1) throw repeatedField(name);
    fields.set(name, name === 'text' ? values : values[0]);
  }
  const [single, ...others] = texts.get('text') ?? [];
  const isSingle = single !== undefined && others.length === 0;
  if (isSingle) fields.set('text', single);
  const schema = isSingle ? oneTextFormSchema : formBodySchema;
  const { image, text, premise, explain } = checkBody(schema, Object.fromEntries(fields), [...unknown]);
  checkExplain(explain === 'true', text);
  return {
    questions: [{ image, hypotheses: text, premise }],
    explain: explain === 'true',
    isList: text.length > 1,
    warnings: unknownFields([...unknown]),
  };
}

/** A field that came as a file; some programs give every field a filename. */
function notAText(field: string): HttpProblem {
  const detail = `The field "${field}" must not be a file: its part must have neither a filename nor the type application/octet-stream.`;
  return new HttpProblem('invalid-field', detail, { field });
}
