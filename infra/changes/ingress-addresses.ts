import type { KubernetesObject } from './kubernetes-object.ts';

/** Whether two objects are Ingresses with a host and path in common, of which ingress-nginx refuses the second. */
export function shareAddress(one: KubernetesObject, other: KubernetesObject): boolean {
  const others = addressesOf(other);
  return addressesOf(one).some((address) => others.includes(address));
}

/**
 * The Ingresses that must be deleted before the apply, as one that comes earlier in it gets a host and path of theirs:
 * those of two workloads that exchange their hosts, for example.
 *
 * @param successorOf the new version of an object, if there is one
 */
export function refusedByOrder(
  old: readonly KubernetesObject[],
  current: readonly KubernetesObject[],
  successorOf: (object: KubernetesObject) => KubernetesObject | undefined,
): KubernetesObject[] {
  return old.filter((object) => {
    const successor = successorOf(object);
    if (successor === undefined) return false;
    const remaining = addressesOf(successor);
    const givenUp = addressesOf(object).filter((address) => !remaining.includes(address));
    const earlier = current.slice(0, current.indexOf(successor)).flatMap(addressesOf);
    return givenUp.some((address) => earlier.includes(address));
  });
}

function addressesOf({ kind, spec }: KubernetesObject): string[] {
  if (kind !== 'Ingress') return [];
  return (spec?.rules ?? []).flatMap(({ host, http }) => (http?.paths ?? []).map(({ path }) => `${host}${path}`));
}
