import { isDeepStrictEqual } from 'node:util';
import { bytesOf, type Memory } from '../config/fields.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** Fields of a Job that may change. */
const CHANGEABLE_OF_JOB = ['parallelism', 'suspend', 'ttlSecondsAfterFinished'];

/** Whether the API server refuses a change of an object, by kind. */
const IS_REFUSED: Readonly<Record<string, (old: KubernetesObject, current: KubernetesObject) => boolean>> = {
  /** Its pods cannot change, as by a new image. A new Job goes on where the old one was, which may be gone already. */
  Job: (old, current) => !isDeepStrictEqual(without(old, CHANGEABLE_OF_JOB), without(current, CHANGEABLE_OF_JOB)),
  /**
   * Its selector cannot change, as by another kind of server under the same name. The Service selects as the Deployment
   * does, so the old pods would get no requests in any case.
   */
  Deployment: (old, current) => !isDeepStrictEqual(old.spec?.['selector'], current.spec?.['selector']),
  /** It can grow, and nothing else. */
  PersistentVolumeClaim: (old, current) =>
    !isDeepStrictEqual(without(old, ['resources']), without(current, ['resources'])) || sizeOf(old) > sizeOf(current),
};

function without({ spec = {} }: KubernetesObject, fields: readonly string[]) {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !fields.includes(field)));
}

/** Bytes of a claim; NaN without a binary unit, as in what `customize` has added. */
function sizeOf({ spec }: KubernetesObject): number {
  const storage = spec?.resources?.requests?.storage ?? '';
  return storage.endsWith('i') ? bytesOf(storage as Memory) : NaN;
}

/** Whether an object is a claim that gets more space, which the server refuses if its storage cannot grow. */
export function grows(old: KubernetesObject, current: KubernetesObject | undefined): boolean {
  return old.kind === 'PersistentVolumeClaim' && current !== undefined && sizeOf(old) < sizeOf(current);
}

/**
 * Objects that must be deleted before their new versions are applied: those whose change the server refuses, and those
 * whose pods mount a claim among these, as a claim is not deleted before its last pod.
 *
 * @param successorOf the new version of an object, if there is one
 */
export function recreated(
  old: readonly KubernetesObject[],
  successorOf: (object: KubernetesObject) => KubernetesObject | undefined,
): KubernetesObject[] {
  const refused = old.filter((object) => {
    const current = successorOf(object);
    return current !== undefined && IS_REFUSED[object.kind]?.(object, current) === true;
  });
  const claims = refused.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  const others = refused.filter((object) => !claims.includes(object));
  return [...new Set([...others, ...claims.flatMap((claim) => using(claim, old)), ...claims])];
}

/** The fields by which pods name what they cannot start without, by its kind. */
const USES: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: 'claimName',
  ResourceClaimTemplate: 'resourceClaimTemplateName',
};

/** The objects whose pods use a claim of storage or a template for one of devices. A ServingRuntime's are those of InferenceServices. */
export function using({ kind, metadata: { name, namespace } }: KubernetesObject, all: readonly KubernetesObject[]) {
  const inNamespace = all.filter(({ metadata }) => metadata.namespace === namespace);
  const mentioning = (field: string, value: string) =>
    inNamespace.filter((object) => JSON.stringify(object).includes(`"${field}":"${value}"`));
  const field = USES[kind];
  if (field === undefined) return [];
  return mentioning(field, name).flatMap((object) =>
    object.kind === 'ServingRuntime' ? mentioning('runtime', object.metadata.name) : [object],
  );
}
