/**
 * Changes for {@link extend}: any part of `T`. A list and a variant (an object with a `kind`) are replaced as a whole;
 * `undefined` removes an entry of a map or an optional field.
 */
export type Changes<T> = T extends string | number | boolean | readonly unknown[] | { readonly kind: string }
  ? T
  : {
      // Entries of a map and optional fields can be removed.
      [Key in keyof T]?:
        | Changes<T[Key]>
        | (string extends keyof T ? undefined : Partial<Pick<T, Key>> extends Pick<T, Key> ? undefined : never);
    };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(base: unknown, changes: unknown): unknown {
  // Copied, so that a later change to one of them does not change the other.
  if (!isRecord(base) || !isRecord(changes) || 'kind' in changes) return structuredClone(changes);
  const merged = structuredClone(base);
  for (const [key, change] of Object.entries(changes)) {
    const value = merge(base[key], change);
    if (value === undefined) Reflect.deleteProperty(merged, key);
    else merged[key] = value;
  }
  return merged;
}

/**
 * Returns a copy of `base` with `changes` and leaves both as they are. Objects are merged field by field, lists and
 * variants (objects with a `kind`) are replaced.
 *
 * @example extend(ofaLarge, { autoscaling: { maxReplicas: 3 }, resources: { requests: { cpu: 4 } } })
 */
export function extend<T extends object>(base: T, changes: NoInfer<Changes<T>>): T {
  return merge(base, changes) as T;
}
