import { isIP, SocketAddress } from 'node:net';

/*
 * The rules of the API server on names, labels, networks and paths, from k8s.io/apimachinery
 * (pkg/util/validation/validation.go) and pkg/apis/*\/validation of Kubernetes 1.37. A manifest that breaks one is
 * refused, after those before it have been applied.
 */

const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const NAME_PART = /^[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?$/;

/** A DNS label (RFC 1123): the name of a namespace. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && DNS_LABEL.test(text);
}

/** DNS labels separated by dots: the name of most objects. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

/** A host name with at least one dot, perhaps a wildcard, and no IP address. */
export function isHostName(text: string): boolean {
  const labels = text.replace(/^\*\./, '').split('.');
  return text.length <= 253 && labels.length > 1 && labels.every(isDnsLabel) && isIP(text) === 0;
}

/** Whether two host names, of which each may be a wildcard for any number of labels, have a name in common. */
export function shareNames(one: string, other: string): boolean {
  const covers = (wide: string, narrow: string): boolean =>
    wide === narrow || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)));
  return covers(one, other) || covers(other, one);
}

/** The key of a label, annotation, taint or extended resource: a name of at most 63 characters, perhaps after a DNS prefix. */
export function isQualifiedName(text: string): boolean {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  const [prefix] = parts;
  return (
    parts.length <= 2 &&
    name.length <= 63 &&
    NAME_PART.test(name) &&
    (parts.length === 1 || (prefix !== undefined && isDnsSubdomain(prefix)))
  );
}

export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && NAME_PART.test(text));
}

/** Quotas put it before the name of a resource. */
const QUOTA_PREFIX = 'requests.';

/** A resource of a device plugin: it has a prefix, which is not Kubernetes' own. */
export function isExtendedResource(text: string): boolean {
  const isReserved = /^[^/]*\bkubernetes\.io\//.test(text) || text.startsWith(QUOTA_PREFIX);
  return text.includes('/') && !isReserved && isQualifiedName(`${QUOTA_PREFIX}${text}`);
}

/** A key of a Secret or ConfigMap. It becomes a file. */
export function isDataKey(text: string): boolean {
  return text.length <= 253 && /^[-.\w]+$/.test(text) && text !== '.' && !text.startsWith('..');
}

/**
 * A network in CIDR notation, as the server writes it: no bits beyond the prefix, no leading zeros, IPv6 in lower case
 * with the longest run of zeros left out, and no IPv4 address within IPv6.
 */
export function isNetwork(text: string): boolean {
  const [, address = '', prefix = ''] = /^([0-9a-f.:]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const family = isIP(address);
  const width = family === 4 ? 32 : 128;
  if (family === 0 || Number(prefix) > width || (family === 6 && address.includes('.'))) return false;
  const canonical = new SocketAddress({ address, family: family === 4 ? 'ipv4' : 'ipv6' }).address;
  const beyond = 2n ** BigInt(width - Number(prefix));
  return canonical === address && (family === 4 ? ipv4Bits(address) : ipv6Bits(address)) % beyond === 0n;
}

function ipv4Bits(address: string): bigint {
  return address.split('.').reduce((bits, part) => bits * 256n + BigInt(part), 0n);
}

function ipv6Bits(address: string): bigint {
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].reduce((bits, group) => bits * 65536n + BigInt(`0x${group}`), 0n);
}

/** The prefix of a path: what Ingress, HTTPRoute and the strict mode of ingress-nginx all accept. */
export function isRoutePath(text: string): boolean {
  return text.length <= 1024 && /^\/[-\w.~/]*$/.test(text) && !/\/\/|\/\.{1,2}(?:\/|$)/.test(text);
}

/** An absolute path without `.`, `..`, empty parts and colons, which separate paths elsewhere. */
export function isFolder(text: string): boolean {
  return /^(?:\/(?!\.{1,2}(?:\/|$))[^\s/:]+)+$/.test(text);
}
