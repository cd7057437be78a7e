import type { z } from '@hono/zod-openapi';
import { decodeBase64 } from '../body/base64.ts';
import { announcedBytes, readChunks, readJson } from '../body/body.ts';
import { parseForm } from '../body/form.ts';
import type { Form } from '../body/form.ts';
import { LongText } from '../body/long-text.ts';
import {
  formBodySchema,
  jsonBodySchema,
  MAX_TEXT_CHARACTERS,
  MAX_TEXTS,
  TOO_LONG,
  TOO_MANY,
} from './schema.ts';
import { HttpProblem } from '../problems/problem.ts';

/** A prediction request, however it was sent. */
export interface PredictInput {
  readonly image: Uint8Array;
  readonly hypotheses: readonly string[];
  readonly premise: string | undefined;
  /** Whether several were asked for, so that the answer holds a list. */
  readonly many: boolean;
}

/** The image, the texts, the premise, and some over, so that too many are named as such. */
const FORM_LIMITS = {
  parts: MAX_TEXTS + 16,
  textBytes: 4 * MAX_TEXT_CHARACTERS,
  tooLong: TOO_LONG,
  repeated: { name: 'text', most: MAX_TEXTS, tooMany: TOO_MANY },
} as const;

/**
 * Reads a prediction request from a multipart form or JSON.
 *
 * @param maxBodyMb largest body in MiB
 * @throws HttpProblem that names the field at fault
 */
export async function readPredictInput(
  request: Request,
  maxBodyMb: number,
  signal: AbortSignal,
): Promise<PredictInput> {
  const contentType = request.headers.get('content-type') ?? '';
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === 'multipart/form-data') {
    return fromForm(await readForm(request, contentType, maxBodyMb, signal));
  }
  if (mediaType === 'application/json') {
    return fromJson(await readJson(request, maxBodyMb, signal));
  }
  throw new HttpProblem(
    'unsupported-media-type',
    'The body must be multipart/form-data or application/json.',
    { field: 'Content-Type' },
  );
}

/**
 * Reads a form that holds an image alone.
 *
 * @throws HttpProblem that names the field at fault
 */
export async function readImageForm(
  request: Request,
  maxBodyMb: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const contentType = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    throw new HttpProblem('unsupported-media-type', 'The body must be multipart/form-data.', {
      field: 'Content-Type',
    });
  }
  const { files } = await readForm(request, contentType, maxBodyMb, signal);
  const [image, ...others] = files.get('image') ?? [];
  if (image === undefined) throw missing('image');
  if (others.length > 0) throw tooMany('image');
  return image;
}

function readForm(
  request: Request,
  contentType: string,
  maxBodyMb: number,
  signal: AbortSignal,
): Promise<Form> {
  const limits = { ...FORM_LIMITS, expectedBytes: announcedBytes(request, maxBodyMb) };
  return parseForm(contentType, readChunks(request, maxBodyMb, signal), limits);
}

/** Checks what a schema says, and names the first field that is not as it says. */
export function checkBody<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path[0];
  if (issue?.code === 'unrecognized_keys') {
    const unknown = issue.keys[0] ?? '';
    throw new HttpProblem('invalid-field', `The field ${quote(unknown)} is not known.`, {
      field: clip(unknown),
    });
  }
  if (field === undefined) {
    throw new HttpProblem(
      'malformed-body',
      'The body must be an object with the fields that are documented.',
    );
  }
  const name = String(field);
  if (!hasValue(value, name)) throw missing(name);
  const what = issue?.message ?? 'is not valid';
  throw new HttpProblem('invalid-field', `The field ${quote(pathOf(issue?.path ?? [name]))} ${what}.`, {
    field: name,
  });
}

/** Where in the body something is, as one would write it in a program: `inputs[1].shape`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

/**
 * Decodes an image that was sent as text.
 *
 * @param text base64 (also its URL-safe alphabet), or a data URI with base64
 * @param field the name under which it was sent
 * @throws HttpProblem `invalid-field`
 */
export function decodeImage(text: string | LongText, field: string): Uint8Array {
  const bytes = text instanceof LongText ? text.bytes : decodeBase64(text);
  if (bytes === undefined) {
    const isAddress = typeof text === 'string' && /^https?:/i.test(text);
    throw new HttpProblem(
      'invalid-field',
      `The field ${quote(field)} must be an image file in base64, or a data URI with base64${isAddress ? '; an address is not opened' : ''}.`,
      { field },
    );
  }
  return bytes;
}

function fromJson(value: unknown): PredictInput {
  const body = checkBody(jsonBodySchema, value);
  if (body.text !== undefined && body.texts !== undefined) {
    throw new HttpProblem('invalid-field', 'Only one of the fields "text" and "texts" may be given.', {
      field: 'texts',
    });
  }
  const hypotheses = body.texts ?? (body.text === undefined ? undefined : [body.text]);
  if (hypotheses === undefined) throw missing('text');
  return {
    image: decodeImage(body.image, 'image'),
    hypotheses,
    premise: body.premise,
    many: body.texts !== undefined,
  };
}

function fromForm(form: Form): PredictInput {
  if (form.texts.has('texts')) {
    throw new HttpProblem('invalid-field', 'The field "texts" is one of JSON; in a form, repeat "text".', {
      field: 'texts',
    });
  }
  const fields = new Map<string, unknown>();
  for (const [name, files] of form.files) {
    if (files.length > 1 || form.texts.has(name)) throw tooMany(name);
    fields.set(name, files[0]);
  }
  for (const [name, texts] of form.texts) {
    if (name !== 'text' && texts.length > 1) throw tooMany(name);
    fields.set(name, name === 'text' ? texts : texts[0]);
  }
  // Not written field by field, which would take "__proto__" for what it is not.
  const { image, text, premise } = checkBody(formBodySchema, Object.fromEntries(fields));
  return { image, hypotheses: text, premise, many: text.length > 1 };
}

function hasValue(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}

function missing(field: string): HttpProblem {
  return new HttpProblem('missing-field', `The field ${quote(field)} is missing.`, { field });
}

function tooMany(field: string): HttpProblem {
  return new HttpProblem('invalid-field', `The field ${quote(field)} may be given only once.`, {
    field: clip(field),
  });
}

function quote(name: string): string {
  return JSON.stringify(clip(name));
}

/** A name that came with the request, at a length that fits an answer. */
function clip(name: string): string {
  return name.slice(0, 100);
}
