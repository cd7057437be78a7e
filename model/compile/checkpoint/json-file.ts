import type { z } from 'zod';
import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import { readRegularText } from '../../regular-file.ts';
import { unreadable } from './file-source.ts';
import { foreignFile, HEAD_BYTES } from './foreign-file.ts';

/** @throws UserError (checkpoint-unreadable) if the file cannot be read, or is not JSON in UTF-8 */
export async function readJson(path: string): Promise<unknown> {
  const text = await readRegularText(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = foreignFile(Buffer.from(text.slice(0, HEAD_BYTES))) ?? 'is not JSON.';
    throw new UserError('checkpoint-unreadable', `${path} ${what}`, { cause: error });
  }
}

/** The error for a field whose value is not supported. */
export function unsupported(file: string, field: string, value: unknown, supported: string): UserError {
  const shown = JSON.stringify(value) as string | undefined;
  const what = shown === undefined ? 'missing' : shorten(shown);
  return new UserError('checkpoint-unsupported', `${file}: ${field} is ${what}, but supported is ${supported}.`);
}

/** The value at a path of keys, or undefined. */
function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (Object.entries(value).find(([name]) => name === key)?.[1] as unknown)
        : undefined,
    json,
  );
}

/**
 * Parses a file's JSON with a schema whose error texts complete the sentence 'supported is ...'.
 *
 * @throws UserError (checkpoint-unsupported) naming the first invalid field
 */
export function parseFields<T>(file: string, schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue === undefined || issue.path.length === 0) {
    throw new UserError('checkpoint-unreadable', `${file} is not a JSON object.`, { cause: parsed.error });
  }
  throw unsupported(file, issue.path.map(String).join('.'), valueAt(json, issue.path), issue.message);
}
