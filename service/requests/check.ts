import type { z } from '@hono/zod-openapi';
import { HttpProblem } from './problem.ts';

/**
 * An optional field of JSON. Null counts as absent: it is what the serializers of many languages write for a field that
 * is not set.
 */
export function optionalField<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/**
 * Checks a body against its schema.
 *
 * @param unknown names of its unknown fields. @default those of the value
 * @throws HttpProblem `missing-field`, `invalid-field` or `malformed-body`, about the first field at fault
 */
export function checkBody<Schema extends z.ZodObject>(
  schema: Schema,
  value: unknown,
  unknown = unknownFieldsOf(schema, value),
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const [field] = issue?.path ?? [];
  if (issue === undefined || field === undefined) {
    throw new HttpProblem('malformed-body', 'The body must be an object with the documented fields.');
  }
  const name = String(field);
  if (!Object.hasOwn(value as object, name)) throw missingField(name, unknown);
  throw new HttpProblem('invalid-field', `The field ${quote(pathOf(issue.path))} ${issue.message}.`, {
    field: name,
  });
}

/** A path into the body as a program would write it: `inputs[1].shape`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

/** Names of the fields of a body that its schema does not know. */
export function unknownFieldsOf({ shape }: z.ZodObject, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).filter((name) => !Object.hasOwn(shape, name));
}

/** Most unknown fields that an error names. */
const MAX_NAMED = 3;

/** @param unknown names of the fields in whose place it may be missing */
export function missingField(field: string, unknown: readonly string[] = []): HttpProblem {
  const named = unknown.slice(0, MAX_NAMED).map(quote).join(', ');
  const more = unknown.length > MAX_NAMED ? ` and ${unknown.length - MAX_NAMED} more` : '';
  const hint = unknown.length > 0 ? ` Unknown fields: ${named}${more}.` : '';
  return new HttpProblem('missing-field', `The field ${quote(field)} is missing.${hint}`, { field });
}

export function repeatedField(field: string): HttpProblem {
  return new HttpProblem('invalid-field', `The field ${quote(field)} may be given only once.`, {
    field: clip(field),
  });
}

export function quote(name: string): string {
  return JSON.stringify(clip(name));
}

/** A client's name for a field, short enough for an answer. Many parsers of JSON refuse half of a surrogate pair. */
export function clip(name: string): string {
  return name.slice(0, 100).toWellFormed();
}
