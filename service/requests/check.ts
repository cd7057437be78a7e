import type { z } from '@hono/zod-openapi';
import { HttpProblem } from './problem.ts';

/**
 * Checks a body against its schema.
 *
 * @throws HttpProblem `missing-field`, `invalid-field` or `malformed-body`, about the first field at fault
 */
export function checkBody<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const [field] = issue?.path ?? [];
  if (issue === undefined || field === undefined) {
    throw new HttpProblem('malformed-body', 'The body must be an object with the documented fields.');
  }
  const name = String(field);
  if (!Object.hasOwn(value as object, name)) throw missingField(name);
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

export function missingField(field: string): HttpProblem {
  return new HttpProblem('missing-field', `The field ${quote(field)} is missing.`, { field });
}

export function repeatedField(field: string): HttpProblem {
  return new HttpProblem('invalid-field', `The field ${quote(field)} may be given only once.`, {
    field: clip(field),
  });
}

export function quote(name: string): string {
  return JSON.stringify(clip(name));
}

/** A client's name for a field, short enough for an answer. */
export function clip(name: string): string {
  return name.slice(0, 100);
}
