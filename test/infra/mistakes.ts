import { checkConfig, ConfigError } from '../../infra/config/check.ts';

/** The sentences that a configuration gets; none if it is sound. */
export function mistakesOf(candidate: unknown): readonly string[] {
  try {
    checkConfig(candidate);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

/**
 * A copy of `value` with another value at a path such as `workloads.0.replicas`; `undefined` removes the field. It
 * knows no types, so that tests can write what the compiler would refuse.
 */
export function deepChange(value: unknown, path: string, replacement: unknown): unknown {
  const [key = '', ...rest] = path.split('.');
  const container = value as Record<string, unknown>;
  const inner = rest.length === 0 ? replacement : deepChange(container[key], rest.join('.'), replacement);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === key ? inner : item));
  const changed = { ...container, [key]: inner };
  if (inner === undefined) Reflect.deleteProperty(changed, key);
  return changed;
}
