import type { ApiObject, Chart } from 'cdk8s';
import { misreadTexts } from './check-texts.ts';
import { isDnsSubdomain } from './config/api-rules.ts';
import { ConfigError } from './config/check.ts';
import { annotations, labels } from './config/maps.ts';
import { repeated } from './config/rules/rule.ts';

type Entry = Readonly<Record<string, unknown>>;

/** What every object has, and what an object with pods has. */
interface Manifest {
  readonly metadata: {
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Record<string, string> };
    readonly template?: { readonly metadata?: { readonly labels?: Record<string, string> }; readonly spec?: Entry };
  };
}

/**
 * The lists of a pod, and of its containers, whose entries are found by fields of theirs when a change is applied (the
 * `patchMergeKey` of the API), and these fields. A port may have two protocols.
 */
const POD_LISTS = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  resourceClaims: ['name'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
} as const;
const CONTAINER_LISTS = { env: ['name'], ports: ['containerPort', 'protocol'], volumeMounts: ['mountPath'] } as const;

/** Most bytes of all annotations of an object; `kubectl apply` keeps the whole object in one. */
const MOST_ANNOTATION_BYTES = 256 * 1024;

/**
 * Checks the objects of charts by the rules of the API server that hold for all of them.
 *
 * @throws {ConfigError} with a sentence for each mistake
 */
export function checkObjects(charts: readonly Chart[]): void {
  const objects = charts.flatMap(({ apiObjects }) => apiObjects);
  const mistakes = [...objects.flatMap(mistakesOf), ...repeatedObjects(objects)];
  if (mistakes.length > 0) throw new ConfigError(mistakes);
}

function titleOf({ kind, name }: ApiObject): string {
  return `${kind} ${name}`;
}

function mistakesOf(object: ApiObject): string[] {
  let json: Manifest;
  try {
    json = object.toJson() as Manifest;
  } catch (error) {
    return [`${titleOf(object)} cannot be written: ${error instanceof Error ? error.message : String(error)}.`];
  }
  return [
    ...nameMistakes(object),
    ...metadataMistakes(object, json),
    ...podMistakes(object, json),
    ...repeatedEntries(object, json),
    ...sizeMistakes(object, json),
    ...misreadTexts(json).map((found) => `${titleOf(object)} has ${found}`),
  ];
}

function nameMistakes(object: ApiObject): string[] {
  // Names of roles and of their bindings may be any part of a path.
  return isDnsSubdomain(object.name) || object.apiGroup === 'rbac.authorization.k8s.io'
    ? []
    : [
        `${titleOf(object)} has a name that Kubernetes does not accept; use at most 253 lower-case letters, digits, hyphens and dots.`,
      ];
}

function metadataMistakes(object: ApiObject, { metadata }: Manifest): string[] {
  const checked = {
    labels: labels.safeParse(metadata.labels ?? {}),
    annotations: annotations.safeParse(metadata.annotations ?? {}),
  };
  return Object.entries(checked).flatMap(([field, { error }]) =>
    (error?.issues ?? []).map(
      ({ path, message }) =>
        `${titleOf(object)} has ${field} with ${path.map(String).join('.')}, where there must be ${message}.`,
    ),
  );
}

/** A controller must select the pods of its own template. */
function podMistakes(object: ApiObject, { spec }: Manifest): string[] {
  const found = spec?.template?.metadata?.labels ?? {};
  return Object.entries(spec?.selector?.matchLabels ?? {})
    .filter(([name, value]) => spec?.template !== undefined && found[name] !== value)
    .map(([name, value]) => `${titleOf(object)} selects pods by ${name}=${value}, which its own pods do not have.`);
}

/** Applying a change to one of two entries with the same key would change or remove the other. */
function repeatedEntries(object: ApiObject, { spec }: Manifest): string[] {
  const pod = spec?.template?.spec ?? {};
  const containers = [...entriesOf(pod, 'initContainers'), ...entriesOf(pod, 'containers')];
  const found = [
    ...repeatedKeys(pod, POD_LISTS),
    ...containers.flatMap((container) => repeatedKeys(container, CONTAINER_LISTS)),
  ];
  return found.map(
    (which) => `${titleOf(object)} has two ${which}, of which a change finds only one; remove the other.`,
  );
}

/** What occurs twice in the lists of an object: the name of the list and the key. */
function repeatedKeys(holder: Entry, lists: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(lists).flatMap(([list, fields]) => {
    const keys = entriesOf(holder, list).map((entry) =>
      fields.flatMap((field) => (field in entry ? String(entry[field]) : [])).join('/'),
    );
    return repeated(keys.filter((key) => key !== '')).map((key) => `${list} with the ${fields.join('/')} ${key}`);
  });
}

/** The objects in a list; none where an object of another kind has something else under that name. */
function entriesOf(holder: Entry, list: string): Entry[] {
  const found = holder[list];
  if (!Array.isArray(found)) return [];
  return found.filter((entry: unknown): entry is Entry => typeof entry === 'object' && entry !== null);
}

function sizeMistakes(object: ApiObject, json: Manifest): string[] {
  const bytes = Buffer.byteLength(JSON.stringify(json));
  return bytes < MOST_ANNOTATION_BYTES
    ? []
    : [
        `${titleOf(object)} has ${bytes} bytes as JSON, but kubectl apply can handle at most ${MOST_ANNOTATION_BYTES}; shorten its environment, arguments or annotations.`,
      ];
}

function repeatedObjects(objects: readonly ApiObject[]): string[] {
  const seen = new Set<string>();
  return objects.flatMap((object) => {
    const key = [object.apiGroup, object.kind, object.metadata.namespace, object.name].join(' ');
    if (seen.has(key)) return [`${titleOf(object)} occurs twice; give one of them another name.`];
    seen.add(key);
    return [];
  });
}
