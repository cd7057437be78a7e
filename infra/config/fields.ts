import { z } from 'zod';

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
  return z.custom<T>(accepts, { error: mustBe });
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

/** Text that matches a pattern, which `mustBe` describes. */
export function text(pattern: RegExp, mustBe: string) {
  return field<string>((value) => typeof value === 'string' && pattern.test(value), mustBe);
}

export const anyText = text(/./, 'text that is not empty');

const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/**
 * Name of a workload or a volume. 40 characters leave room for the suffixes of derived objects within the 63 that
 * Kubernetes allows.
 */
export const shortName = text(
  new RegExp(`^(?=.{1,40}$)[a-z]([-a-z0-9]*[a-z0-9])?$`),
  'at most 40 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen',
);

/** Name of any object of Kubernetes. */
export const objectName = text(
  new RegExp(`^(?=.{1,253}$)${DNS_LABEL}(\\.${DNS_LABEL})*$`),
  'the name of a Kubernetes object: lower-case letters, digits, hyphens and dots',
);

/** DNS host name without scheme, port and path. */
export const hostName = text(
  new RegExp(`^(?=.{1,253}$)(\\*\\.)?${DNS_LABEL}(\\.${DNS_LABEL})+$`),
  'a host name such as ofa-api.example.com, without scheme, port and path',
);

/** Address of a service. */
export const httpUrl = text(/^https?:\/\/[^\s/?#]+(\/\S*)?$/, 'an address that begins with http:// or https://');

/** Absolute path of a URL or a folder. */
export const absolutePath = text(/^\/\S*$/, 'a path that begins with / and contains no spaces');

export const memory = field<Memory>(
  (value) => typeof value === 'string' && /^\d+(\.\d+)?(Ki|Mi|Gi|Ti)$/.test(value) && parseFloat(value) > 0,
  'an amount with a binary unit, such as 512Mi or 5.5Gi',
);

export const cpu = field<Cpu>(
  (value) =>
    (typeof value === 'number' && value > 0 && Number.isFinite(value)) ||
    (typeof value === 'string' && /^[1-9]\d*m$/.test(value)),
  'a number of cores above 0 such as 2 or 0.5, or millicores such as 500m',
);

/** Number of pods, or share of the replicas. */
export const podsOrPercent = field<number | `${number}%`>(
  (value) =>
    (Number.isInteger(value) && Number(value) >= 0) || (typeof value === 'string' && /^(100|\d{1,2})%$/.test(value)),
  'a number of pods such as 1, or a share such as 25%',
);

/** Image with a digest, or a tag other than `latest`: what a manifest runs must not change by itself. */
export const imageReference = text(
  /^(?!.*:latest$)[a-z0-9][\w.-]*(:\d+)?(\/[\w.-]+)*(:[\w][\w.-]{0,127}|(:[\w][\w.-]*)?@sha256:[0-9a-f]{64})$/,
  'an image with a tag other than latest, or a digest, such as registry.example.com/ai/ofa-ve-large:1.0',
);

/** Network in CIDR notation. */
export const network = text(
  /^(\d{1,3}(\.\d{1,3}){3}\/(3[0-2]|[12]?\d)|[0-9a-fA-F:]*:[0-9a-fA-F:]*\/(12[0-8]|1[01]\d|\d{1,2}))$/,
  'a network such as 10.0.0.0/16',
);

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

/** A map with patterns for keys and values; `mustBe` describes the whole map. */
function textMap(key: RegExp, value: RegExp, mustBe: string) {
  return field<Record<string, string>>(
    (map) =>
      typeof map === 'object' &&
      map !== null &&
      !Array.isArray(map) &&
      Object.entries(map).every(([k, v]) => key.test(k) && typeof v === 'string' && value.test(v)),
    mustBe,
  );
}

/** Labels, or a label selector. */
export const labels = textMap(
  LABEL_KEY,
  /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/,
  'a map of label names to values of at most 63 letters, digits, dots, hyphens and underscores',
);

/** Annotations: any text under a valid name. */
export const annotations = textMap(LABEL_KEY, /^[\s\S]*$/, 'a map of annotation names to text');

/** Environment variables with their values. */
export const environment = textMap(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  /^[\s\S]*$/,
  'a map of environment variable names to text',
);

/** An amount of memory in bytes. */
export function bytesOf(amount: Memory): number {
  const units = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
  return parseFloat(amount) * units[amount.slice(-2) as keyof typeof units];
}

/** An amount of processors in cores. */
export function coresOf(amount: Cpu): number {
  return typeof amount === 'number' ? amount : parseInt(amount, 10) / 1000;
}
