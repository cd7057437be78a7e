import { inspect } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { withoutUserInfo } from '../../model/echo.ts';

type Path = readonly PropertyKey[];

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The path as code: `workloads[0].gpu.count`. */
function written(path: Path): string {
  const joined = path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^\w+$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(key)}]`;
    })
    .join('')
    .replace(/^\./, '');
  return joined === '' ? 'the configuration' : joined;
}

/** The value as code, shortened to fit a sentence. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const code = json(value) ?? inspect(value, { breakLength: Infinity });
  return code.length > 60 ? `${code.slice(0, 57)}...` : code;
}

/**
 * The value as JSON, without the passwords of addresses: cut off, they could no longer be told from other text. Undefined if
 * JSON cannot write it, such as a function, `10n` or an object that holds itself.
 */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, each: unknown) =>
      typeof each === 'string' && each.includes('://') ? withoutUserInfo(each) : each,
    );
  } catch {
    return undefined;
  }
}

function mustBe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options))
    return `one of ${issue.options.map(String).join(', ')}`;
  if (issue.code !== 'invalid_type') return issue.message;
  return issue.expected === 'array' ? 'a list' : 'an object with the fields that infra/config declares';
}

/** What a value looks like with or without quotes, if that is all that is wrong with it; empty otherwise. */
function otherNotation(value: unknown, accepts: (value: unknown) => boolean): string {
  if (Number.isFinite(value) || typeof value === 'boolean') {
    // As a number, 1.30 is 1.3.
    const texts = [String(value), ...(Number.isInteger(value) ? [] : [`${String(value)}0`])];
    const quoted = texts.find((each) => accepts(each));
    return quoted === undefined ? '' : `; write it in quotes: ${JSON.stringify(quoted)}`;
  }
  const unquoted = typeof value === 'string' ? literal(value) : undefined;
  return unquoted !== undefined && accepts(unquoted) ? `; write it without quotes: ${unquoted}` : '';
}

/** The number, `true` or `false` that a text spells. */
function literal(text: string): number | boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? undefined : number;
}

/** The names of the fields at a path; none where the schema has no such object. */
function fieldNames(schema: unknown, value: unknown, [key, ...rest]: Path): string[] {
  if (schema instanceof z.ZodOptional)
    return fieldNames(schema.unwrap(), value, key === undefined ? [] : [key, ...rest]);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const kind = valueAt(value, ['kind']);
    const option = schema.options.find((each) => each instanceof z.ZodObject && isLiteral(each.shape['kind'], kind));
    return fieldNames(option, value, key === undefined ? [] : [key, ...rest]);
  }
  if (schema instanceof z.ZodArray && key !== undefined) return fieldNames(schema.element, valueAt(value, [key]), rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (key === undefined) return Object.keys(schema.shape);
  return fieldNames((schema.shape as Record<PropertyKey, unknown>)[key], valueAt(value, [key]), rest);
}

function isLiteral(schema: unknown, value: unknown): boolean {
  return schema instanceof z.ZodLiteral && schema.value === value;
}

/** A question that names the field that was probably meant; empty if none is similar. */
function suggestion(key: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const lowered = names.map((name) => name.toLowerCase());
  const given = key.toLowerCase();
  const exchanged = lowered.find((name) => isExchanged(given, name));
  const nearest = exchanged ?? closest(given, lowered);
  if (exchanged === undefined && distance(given, nearest) > Math.max(1, key.length / 2.5)) return '';
  return `did you mean ${names[lowered.indexOf(nearest)] ?? ''}?`;
}

/** Whether two names differ by neighbouring letters that are exchanged: two edits, which would be too many for a short one. */
function isExchanged(one: string, other: string): boolean {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return one !== other && `${one.slice(0, at)}${one.charAt(at + 1)}${one.charAt(at)}${one.slice(at + 2)}` === other;
}

/** A sentence for each issue of a schema: the field's path, its value, and what it must be. */
export function sentencesOf(issues: readonly z.core.$ZodIssue[], root: unknown, schema: z.ZodType): string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const where = issue.path.length === 0 ? '' : `${written(issue.path)}.`;
      const names = fieldNames(schema, root, issue.path);
      return issue.keys.map((key) => {
        const advice = suggestion(key, names) || 'check its spelling.';
        return `${where}${key} is not a field of the configuration; ${advice}`;
      });
    }
    const { accepts = () => false, isName } = (issue.code === 'custom' ? (issue.params ?? {}) : {}) as Params;
    if (isName === true)
      return [
        `${written(issue.path.slice(0, -1))} has the name ${shown(issue.path.at(-1))}; it must be ${issue.message}.`,
      ];
    const value = valueAt(root, issue.path);
    return [`${written(issue.path)} is ${shown(value)}; it must be ${mustBe(issue)}${otherNotation(value, accepts)}.`];
  });
}

/** What the fields add to their issues. */
interface Params {
  /** The check that the value did not pass. */
  readonly accepts?: (value: unknown) => boolean;
  /** Whether the last part of the path, an entry's name, is wrong, and not its value. */
  readonly isName?: boolean;
}
