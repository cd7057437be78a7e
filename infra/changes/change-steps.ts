import { parseAllDocuments } from 'yaml';
import { refusedByOrder, shareAddress } from './ingress-addresses.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { grows, recreated, using } from './refused-changes.ts';

/** Commands that a change of the manifests needs beside `kubectl apply`. */
export interface ChangeSteps {
  /** Commands to run before `kubectl apply`, which would otherwise remove pods, leave two autoscalers, or be refused. */
  readonly before: readonly string[];
  /** Commands to run after it: `kubectl apply` deletes nothing. */
  readonly after: readonly string[];
  /** Resources that replace an autoscaled workload and start with the autoscaler's minimum of pods, if there are any. */
  readonly fewestPods?: readonly string[];
  /** Claims that grow, which the server may refuse, if there are any. */
  readonly growing?: readonly string[];
}

/** The steps of a synthesis: those from the manifests that its folder held. */
export interface SynthesisSteps extends ChangeSteps {
  /** Those from the manifests of the last commit, if they are others. */
  readonly sinceCommit: ChangeSteps | undefined;
  /** A file of the folder that was no manifest, if there was any: all steps are then those from the last commit. */
  readonly damaged: string | undefined;
}

/** Kinds that set a Deployment's number of pods. */
const AUTOSCALERS = ['HorizontalPodAutoscaler', 'ScaledObject'];

/** The commands that wait until what runs a workload is ready, by its kind. */
const READINESS: Readonly<Record<string, string>> = {
  Deployment: 'kubectl rollout status',
  InferenceService: 'kubectl wait --for=condition=Ready --timeout=30m',
};

/**
 * The commands that lead a cluster from one set of manifests to another without losing pods.
 *
 * @param folder that of the new manifests
 */
export function changeSteps(before: readonly string[], after: readonly string[], folder = 'dist'): ChangeSteps {
  const old = before.flatMap(objectsIn);
  const current = after.flatMap(objectsIn);
  const kept = new Map(current.map((object) => [pathOf(object), object]));
  const known = new Set(old.map(pathOf));
  const added = current.filter((object) => !known.has(pathOf(object)));
  const adopted = new Set(current.flatMap((object) => autoscalerOf(object) ?? []));
  const inUse = new Set(current.map(({ metadata }) => metadata.namespace));
  const removed = old.filter(
    (object) =>
      !kept.has(pathOf(object)) &&
      !adopted.has(pathOf(object)) &&
      !(object.kind === 'Namespace' && inUse.has(object.metadata.name)),
  );
  const autoscalers = removed.filter(
    (object) => AUTOSCALERS.includes(object.kind) && !endsWithTarget(object, removed, kept),
  );
  const successorOf = (object: KubernetesObject) => kept.get(pathOf(object));
  const refused = [...recreated(old, successorOf), ...refusedByOrder(old, current, successorOf)];
  const leftovers = removed.filter((object) => !autoscalers.includes(object) && !refused.includes(object)).toReversed();
  const users = new Set(leftovers.flatMap((object) => using(object, old)));
  const fewestPods = removed.some((object) => isScaled(object, old))
    ? added.filter((object) => isScaled(object, current)).map(resourceOf)
    : [];
  const growing = old
    .filter((object) => !refused.includes(object) && grows(object, successorOf(object)))
    .map(resourceOf);
  const contested = leftovers.filter((object) => added.some((other) => shareAddress(object, other)));
  return {
    before: [
      ...autoscalers.flatMap(autoscalerRemoval),
      ...old.flatMap((object) => replicasHandover(object, successorOf(object))),
      ...refused.map(removal),
    ],
    after: [
      ...(removed.some(({ kind }) => kind in READINESS) ? added.flatMap(readiness) : []),
      ...[...users].filter((object) => successorOf(object) !== undefined && !refused.includes(object)).flatMap(rollout),
      // Directly before the second apply: until then, nobody reaches the service.
      ...contested.map(removal),
      ...(contested.length > 0 ? [`kubectl apply -f ${folder}`] : []),
      // What was created first may be needed by the rest, so it goes last.
      ...leftovers.filter((object) => !contested.includes(object)).map(removal),
    ],
    ...(fewestPods.length > 0 ? { fewestPods } : {}),
    ...(growing.length > 0 ? { growing } : {}),
  };
}

function objectsIn(yaml: string): KubernetesObject[] {
  return parseAllDocuments(yaml).flatMap((document) => (document.toJS() as KubernetesObject | null) ?? []);
}

/** An object's namespace, resource and name, as arguments of kubectl. */
function pathOf(object: KubernetesObject): string {
  const { namespace } = object.metadata;
  return `${namespace === undefined ? '' : `-n ${namespace} `}${resourceOf(object)}`;
}

function resourceOf({ apiVersion, kind, metadata: { name } }: KubernetesObject): string {
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [undefined];
  return `${kind.toLowerCase()}${group === undefined ? '' : `.${group}`}/${name}`;
}

/** A Job may be gone already. */
function removal(object: KubernetesObject): string {
  return `kubectl delete ${pathOf(object)}${object.kind === 'Job' ? ' --ignore-not-found' : ''}`;
}

/** Waits for what runs a workload from now on, under another name, in another namespace or as another kind. */
function readiness(object: KubernetesObject): string[] {
  const command = READINESS[object.kind];
  return command === undefined ? [] : [`${command} ${pathOf(object)}`];
}

/** Waits until a change of a workload has replaced its pods. The condition of an InferenceService holds all the while. */
function rollout(object: KubernetesObject): string[] {
  if (!(object.kind in READINESS)) return [];
  const { namespace } = object.metadata;
  return readiness({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: deploymentOf(object), ...(namespace === undefined ? {} : { namespace }) },
  });
}

/** Whether an autoscaler may stay until its Deployment is deleted after the apply, as no other takes its place. */
function endsWithTarget(
  autoscaler: KubernetesObject,
  removed: readonly KubernetesObject[],
  kept: ReadonlyMap<string, KubernetesObject>,
): boolean {
  if (kept.has(autoscalerOf(autoscaler) ?? '')) return false;
  return removed.some((object) => scales(autoscaler, object));
}

/** Whether an autoscaler among `all` scales an object. */
function isScaled(object: KubernetesObject, all: readonly KubernetesObject[]): boolean {
  return all.some((other) => AUTOSCALERS.includes(other.kind) && scales(other, object));
}

function scales({ metadata, spec }: KubernetesObject, object: KubernetesObject): boolean {
  return (
    object.kind in READINESS &&
    object.metadata.namespace === metadata.namespace &&
    deploymentOf(object) === spec?.scaleTargetRef?.name
  );
}

/** Name of the Deployment that an object is or that KServe writes for it. */
function deploymentOf({ kind, metadata: { name } }: KubernetesObject): string {
  return kind === 'InferenceService' ? `${name}-predictor` : name;
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
