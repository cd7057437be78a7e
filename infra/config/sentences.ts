import type { z } from 'zod';

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
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  return joined === '' ? 'the configuration' : joined;
}

/** The value as code, shortened to fit a sentence. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const json = JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

function mustBe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options))
    return `one of ${issue.options.map(String).join(', ')}`;
  if (issue.code !== 'invalid_type') return issue.message;
  return issue.expected === 'array' ? 'a list' : 'an object with the fields that infra/config declares';
}

/** A sentence for each issue of a schema: the field's path, its value, and what it must be. */
export function sentencesOf(issues: readonly z.core.$ZodIssue[], root: unknown): string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const where = issue.path.length === 0 ? '' : `${written(issue.path)}.`;
      return issue.keys.map((key) => `${where}${key} is not a field of the configuration; check its spelling.`);
    }
    const value = shown(valueAt(root, issue.path));
    return [`${written(issue.path)} is ${value}; it must be ${mustBe(issue)}.`];
  });
}
