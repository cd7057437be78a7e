/** Types whose members are told apart by `kind`: half of one and half of another would make no sense. */
interface Variant {
  readonly kind: string;
}

type Values = string | number | boolean;

/**
 * What {@link extend} takes: any part of `T`. A list and a variant (an object with a `kind`) are given as a whole;
 * an entry of a map or an optional field is removed by giving `undefined`.
 */
export type Changes<T> = T extends Values | readonly unknown[] | Variant
  ? T
  : { [Key in keyof T]?: Changes<T[Key]> | (Removable<T, Key> extends true ? undefined : never) };

/** True for a map's entries and for optional fields. */
type Removable<T, Key extends keyof T> = string extends keyof T
  ? true
  : Partial<Pick<T, Key>> extends Pick<T, Key>
    ? true
    : false;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(base: unknown, changes: unknown): unknown {
  if (!isRecord(base) || !isRecord(changes) || 'kind' in changes) return changes;
  const merged = { ...base };
  for (const [key, change] of Object.entries(changes)) {
    const value = merge(base[key], change);
    if (value === undefined) Reflect.deleteProperty(merged, key);
    else merged[key] = value;
  }
  return merged;
}

/**
 * A copy of `base` with `changes` in it; neither is altered. Objects are merged field by field, lists and variants
 * are replaced.
 *
 * @example extend(ofaLarge, { replicas: 3, resources: { requests: { cpu: 4 } } })
 */
export function extend<T extends object>(base: T, changes: NoInfer<Changes<T>>): T {
  return merge(base, changes) as T;
}
