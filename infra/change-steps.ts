import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';

/** What the steps need to know of an object. */
interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly [field: string]: unknown;
    /** Of a Deployment. */
    readonly replicas?: number;
    /** Of a ScaledObject. */
    readonly advanced?: { readonly horizontalPodAutoscalerConfig?: { readonly name?: string } };
  };
}

/** Commands that a change of the manifests needs beside `kubectl apply`. */
export interface ChangeSteps {
  /** Commands to run before `kubectl apply`, which would otherwise remove pods, leave two autoscalers, or be refused. */
  readonly before: readonly string[];
  /** Commands to run after it: `kubectl apply` deletes nothing. */
  readonly after: readonly string[];
}

/** Kinds that set a Deployment's number of pods. */
const AUTOSCALERS = ['HorizontalPodAutoscaler', 'ScaledObject'];

/** The commands that wait until what runs a workload is ready, by its kind. One kind may take over from the other. */
const READINESS: Readonly<Record<string, string>> = {
  Deployment: 'kubectl rollout status',
  InferenceService: 'kubectl wait --for=condition=Ready --timeout=30m',
};

/** The commands that lead a cluster from one set of manifests to another without losing pods. */
export function changeSteps(before: readonly string[], after: readonly string[]): ChangeSteps {
  const old = before.flatMap(objectsIn);
  const current = after.flatMap(objectsIn);
  const kept = new Map(current.map((object) => [pathOf(object), object]));
  const adopted = new Set(current.flatMap((object) => autoscalerOf(object) ?? []));
  const inUse = new Set(current.map(({ metadata }) => metadata.namespace));
  const removed = old.filter(
    (object) =>
      !kept.has(pathOf(object)) &&
      !adopted.has(pathOf(object)) &&
      !(object.kind === 'Namespace' && inUse.has(object.metadata.name)),
  );
  const autoscalers = removed.filter(({ kind }) => AUTOSCALERS.includes(kind));
  return {
    before: [
      ...autoscalers.flatMap(autoscalerRemoval),
      ...old.flatMap((object) => replicasHandover(object, kept.get(pathOf(object)))),
      ...old.flatMap((object) => jobRemoval(object, kept.get(pathOf(object)))),
      ...old.flatMap((object) => deploymentRemoval(object, kept.get(pathOf(object)))),
    ],
    // What was created first may be needed by the rest, so it goes last.
    after: [
      ...new Set(removed.flatMap((object) => successorReadiness(object, current))),
      ...removed
        .filter((object) => !autoscalers.includes(object))
        .toReversed()
        .map(removal),
    ],
  };
}

function objectsIn(yaml: string): KubernetesObject[] {
  return parseAllDocuments(yaml).flatMap((document) => (document.toJS() as KubernetesObject | null) ?? []);
}

/** An object's namespace, resource and name, as arguments of kubectl. */
function pathOf({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): string {
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [undefined];
  const resource = kind.toLowerCase() + (group === undefined ? '' : `.${group}`);
  return `${namespace === undefined ? '' : `-n ${namespace} `}${resource}/${name}`;
}

function removal(object: KubernetesObject): string {
  return `kubectl delete ${pathOf(object)}`;
}

/** Waits for the object of another kind that runs the workload of a removed one from now on. */
function successorReadiness({ kind, metadata }: KubernetesObject, current: readonly KubernetesObject[]): string[] {
  if (!(kind in READINESS)) return [];
  return current
    .filter((object) => object.metadata.name === metadata.name && object.metadata.namespace === metadata.namespace)
    .flatMap((object) => {
      const command = READINESS[object.kind];
      return command === undefined || object.kind === kind ? [] : [`${command} ${pathOf(object)}`];
    });
}

/** Path of the HorizontalPodAutoscaler that KEDA creates for a ScaledObject, or takes over if there is one. */
function autoscalerOf({ kind, metadata: { namespace }, spec }: KubernetesObject): string | undefined {
  const name = spec?.advanced?.horizontalPodAutoscalerConfig?.name;
  if (kind !== 'ScaledObject' || name === undefined) return undefined;
  return pathOf({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  });
}

/** The number of pods stays as it is when an autoscaler is deleted. KEDA's own goes with its ScaledObject, a moment later. */
function autoscalerRemoval(object: KubernetesObject): string[] {
  const own = autoscalerOf(object);
  return [removal(object), ...(own === undefined ? [] : [`kubectl wait --for=delete --timeout=60s ${own}`])];
}

/**
 * Where `replicas` leaves a manifest, `kubectl apply` removes the field that it has set earlier, and the server sets its
 * default, one pod. kubectl knows what it has set from an annotation; without the field there, it leaves the number alone.
 */
function replicasHandover(old: KubernetesObject, current: KubernetesObject | undefined): string[] {
  if (old.spec?.replicas === undefined || current === undefined || current.spec?.replicas !== undefined) return [];
  return [
    `kubectl apply view-last-applied ${pathOf(old)} -o yaml | sed '/^  replicas:/d' | kubectl apply set-last-applied -f -`,
  ];
}

/** Fields of a Job that may change. */
const CHANGEABLE_OF_JOB = ['parallelism', 'suspend', 'ttlSecondsAfterFinished'];

/**
 * The server refuses a change of a Job's pods, as by a new image of the workload. A new Job goes on where the old one
 * was, which may be gone already.
 */
function jobRemoval(old: KubernetesObject, current: KubernetesObject | undefined): string[] {
  const fixed = ({ spec = {} }: KubernetesObject) =>
    Object.entries(spec).filter(([field]) => !CHANGEABLE_OF_JOB.includes(field));
  const isRefused = old.kind === 'Job' && current !== undefined && !isDeepStrictEqual(fixed(old), fixed(current));
  return isRefused ? [`${removal(old)} --ignore-not-found`] : [];
}

/**
 * The server refuses a change of a Deployment's selector, as by another kind of server under the same name. The Service
 * selects as the Deployment does, so the old pods would get no requests in any case.
 */
function deploymentRemoval(old: KubernetesObject, current: KubernetesObject | undefined): string[] {
  const isRefused =
    old.kind === 'Deployment' &&
    current !== undefined &&
    !isDeepStrictEqual(old.spec?.['selector'], current.spec?.['selector']);
  return isRefused ? [removal(old)] : [];
}
