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

/** Whether a value is an object with fields, and no list, date or the like. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/**
 * Copies a value, so that a later change to one of the two does not change the other. What cannot be copied, such as a
 * function that was not called, stays for the check of the configuration, which names it.
 */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
}

function merge(base: unknown, changes: unknown): unknown {
  if (!isRecord(base) || !isRecord(changes) || 'kind' in changes) return copy(changes);
  const merged = copy(base) as Record<string, unknown>;
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
