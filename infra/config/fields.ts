import { z } from 'zod';
import {
  isDataKey,
  isDnsLabel,
  isDnsSubdomain,
  isFolder,
  isHostName,
  isLabelValue,
  isNetwork,
  isQualifiedName,
  isRoutePath,
} from './api-rules.ts';

/** Amount of memory or storage with a binary unit, such as `5.5Gi` or `512Mi`. */
export type Memory = `${number}${'Ki' | 'Mi' | 'Gi' | 'Ti'}`;

/** Processors: whole or fractional cores (`2`, `0.5`), or millicores (`500m`). */
export type Cpu = number | `${number}m`;

/** Kubernetes versions whose schemas the manifests are tested against. */
export const KUBERNETES_VERSIONS = [
  '1.27',
  '1.28',
  '1.29',
  '1.30',
  '1.31',
  '1.32',
  '1.33',
  '1.34',
  '1.35',
  '1.36',
  '1.37',
] as const;

/** See {@link KUBERNETES_VERSIONS}. */
export type KubernetesVersion = (typeof KUBERNETES_VERSIONS)[number];

/** Whether `version` is `minimum` or newer. */
export function atLeast(version: KubernetesVersion, minimum: KubernetesVersion): boolean {
  return KUBERNETES_VERSIONS.indexOf(version) >= KUBERNETES_VERSIONS.indexOf(minimum);
}

/**
 * A value of the configuration: its type, a check at run time (Node strips types without checking them), and the end of
 * the sentence "it must be ..." for a wrong value.
 */
export function field<T>(accepts: (value: unknown) => boolean, mustBe: string) {
  return z.custom<T>(accepts, { error: mustBe, params: { accepts } });
}

export function whole(min: number, max: number) {
  return field<number>(
    (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
    `a whole number from ${min} to ${max}`,
  );
}

export function decimal(min: number, max: number) {
  return field<number>(
    (value) => typeof value === 'number' && value >= min && value <= max,
    `a number from ${min} to ${max}`,
  );
}

export const flag = field<boolean>((value) => typeof value === 'boolean', 'true or false');

/** One of a closed set of words. */
export function oneOf<const T extends readonly string[]>(...words: T) {
  return field<T[number]>((value) => typeof value === 'string' && words.includes(value), `one of ${words.join(', ')}`);
}

/** Text that passes a check, which `mustBe` describes. */
export function text(check: RegExp | ((text: string) => boolean), mustBe: string) {
  const accepts = check instanceof RegExp ? (value: string) => check.test(value) : check;
  return field<string>((value) => typeof value === 'string' && accepts(value), mustBe);
}

export const anyText = text(/./, 'text that is not empty');

/**
 * Name of a workload or a volume. 40 characters leave room for the suffixes of derived objects within the 63 that
 * Kubernetes allows.
 */
export const shortName = text(
  /^(?=.{1,40}$)[a-z]([-a-z0-9]*[a-z0-9])?$/,
  'at most 40 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen',
);

/** Name of a namespace. */
export const namespaceName = text(
  isDnsLabel,
  'the name of a namespace: at most 63 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen',
);

/** Name of any other object of Kubernetes. */
export const objectName = text(
  isDnsSubdomain,
  'the name of a Kubernetes object: at most 253 lower-case letters, digits, hyphens and dots, ending with a letter or digit',
);

/** A key of a Secret or ConfigMap. */
export const dataKey = text(
  isDataKey,
  'a key of a Secret or ConfigMap: letters, digits, hyphens, dots and underscores, not beginning with two dots',
);

/** DNS host name without scheme, port and path. */
export const hostName = text(
  isHostName,
  'a host name such as ofa-api.example.com, without scheme, port and path, and not an IP address',
);

/** Whether an address can be read, and has a port that one can connect to. */
export function isReachable(address: string): boolean {
  return URL.canParse(address) && new URL(address).port !== '0';
}

/** Address of a service. */
export const httpUrl = text(
  (address) => /^https?:\/\/[^\s/?#]+(\/\S*)?$/.test(address) && isReachable(address),
  'an address that begins with http:// or https://, with a port from 1 to 65535 if it has one',
);

/** Absolute path of a URL. */
export const absolutePath = text(/^\/[!-~]*$/, 'a path that begins with / and contains no spaces');

/** Path prefix of a route. */
export const routePath = text(
  isRoutePath,
  'a path that begins with /, of letters, digits and the characters - _ . ~ /, without empty parts and parts of dots alone',
);

/** Absolute path of a folder in a container. */
export const folder = text(
  isFolder,
  'the absolute path of a folder such as /var/cache, without spaces, colons, empty parts and parts of dots alone',
);

/** A whole number of bytes, which `Quantity` of Kubernetes holds and a number of JavaScript, too. */
export const memory = field<Memory>((value) => {
  if (typeof value !== 'string' || !/^\d+(\.\d+)?(Ki|Mi|Gi|Ti)$/.test(value)) return false;
  const bytes = bytesOf(value as Memory);
  return Number.isSafeInteger(bytes) && bytes > 0;
}, 'a whole number of bytes with a binary unit, such as 512Mi or 5.5Gi');

/** Most cores that a node could have. */
const MOST_CORES = 10_000;

export const cpu = field<Cpu>((value) => {
  const isNumber = typeof value === 'number';
  if (!isNumber && (typeof value !== 'string' || !/^[1-9]\d*m$/.test(value))) return false;
  const cores = coresOf(value as Cpu);
  return cores > 0 && cores <= MOST_CORES && isInThousandths(cores);
}, 'a number of cores above 0 such as 2 or 0.5, or millicores such as 500m, and no finer than that');

/** Whether a number is a whole number of thousandths, the finest that Kubernetes stores of cores and of metrics. */
export function isInThousandths(value: number): boolean {
  return Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-6;
}

/** Number of pods, or share of the replicas. */
export const podsOrPercent = field<number | `${number}%`>(
  (value) =>
    (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1000) ||
    (typeof value === 'string' && /^(100|\d{1,2})%$/.test(value)),
  'a number of pods such as 1, or a share such as 25%',
);

/** See https://github.com/distribution/reference: a registry with an optional port, a path in lower case, tag or digest. */
const IMAGE_REFERENCE =
  /^(?!.*:latest$)(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127}|(?::\w[\w.-]{0,127})?@sha256:[0-9a-f]{64})$/;

/** Image with a digest, or a tag other than `latest`: what a manifest runs must not change by itself. */
export const imageReference = text(
  IMAGE_REFERENCE,
  'an image with a tag other than latest, or a digest, such as registry.example.com/ai/ofa-ve-large:1.0',
);

/** Network in CIDR notation. */
export const network = text(
  isNetwork,
  'a network such as 10.0.0.0/16 or fd00::/8, in its shortest form and with no bits beyond the prefix',
);

/** Key of a label, an annotation or a taint. */
export const NAME_RULE =
  'a name of at most 63 letters, digits, dots, hyphens and underscores, which may follow a DNS name and a slash';
export const labelKey = text(isQualifiedName, NAME_RULE);

const VALUE_RULE =
  'at most 63 letters, digits, dots, hyphens and underscores, neither beginning nor ending with one of the last three';
export const labelValue = text(isLabelValue, VALUE_RULE);

/** Binary units that the API server knows, the largest first. It uses the largest that leaves a whole number. */
const UNITS = [
  ['Ei', 2 ** 60],
  ['Pi', 2 ** 50],
  ['Ti', 2 ** 40],
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
  ['Ki', 2 ** 10],
] as const;

/** Decimal units, in thousandths. */
const DECIMAL_UNITS = [
  ['G', 1e12],
  ['M', 1e9],
  ['k', 1e6],
  ['', 1000],
] as const;

/** An amount of memory in bytes. */
export function bytesOf(amount: Memory): number {
  const [, size] = UNITS.find(([unit]) => amount.endsWith(unit)) ?? ['', 1];
  return parseFloat(amount) * size;
}

/** An amount of processors in cores. */
export function coresOf(amount: Cpu): number {
  return typeof amount === 'number' ? amount : parseInt(amount, 10) / 1000;
}

/** An amount of memory as the API server writes it, so that applying it again changes nothing. */
export function canonicalMemory(amount: Memory): string {
  const bytes = bytesOf(amount);
  const [unit, size] = UNITS.find(([, each]) => bytes % each === 0) ?? ['', 1];
  return `${bytes / size}${unit}`;
}

/** An amount of processors as the API server writes it. */
export function canonicalCpu(amount: Cpu): string {
  return canonicalNumber(coresOf(amount));
}

/** A number of at most three decimals as the API server writes it: 0.5 as `500m`, 2000 as `2k`. */
export function canonicalNumber(value: number): string {
  const thousandths = Math.round(value * 1000);
  const [unit, size] = DECIMAL_UNITS.find(([, each]) => thousandths % each === 0) ?? ['m', 1];
  return `${thousandths / size}${unit}`;
}
