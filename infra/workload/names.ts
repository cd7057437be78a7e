import { requireChoice } from '../../model/arguments.ts';
import { serverContainer } from '../config/pod-settings.ts';
import type { ServerFacts } from '../config/server-facts.ts';
import type { WorkloadContext } from './context.ts';

const TRACKS = ['stable', 'canary'] as const;

/** One of a workload's two versions, each of which is a Deployment. */
export type Track = (typeof TRACKS)[number];

/** The tracks that a workload runs. */
export function tracksOf({ workload }: WorkloadContext): readonly Track[] {
  return workload.canary.enabled ? TRACKS : ['stable'];
}

/** Name of the chart with what the workloads share, beside which each workload has a chart of its own name. */
export const BASE_CHART = 'base';

/** Names of the ports of containers, Services and probes. */
export const PORT_NAMES = { http: 'http', grpc: 'grpc', metrics: 'metrics' } as const;

/** Name of the container port that serves the metrics: that of requests if the server has only one port. */
export function metricsPortName({ ports }: ServerFacts): string {
  return ports.admin === ports.http ? PORT_NAMES.http : PORT_NAMES.metrics;
}

/** Name of a track's objects. A program in JavaScript may name a track that does not exist. */
export function trackName({ workload }: WorkloadContext, track: Track): string {
  requireChoice('track', TRACKS, track);
  return track === 'stable' ? workload.name : `${workload.name}-canary`;
}

/** Name of a track's Deployment, which KServe derives from that of the InferenceService. */
export function deploymentName(context: WorkloadContext, track: Track): string {
  const name = trackName(context, track);
  return context.workload.kserve.enabled ? `${name}-predictor` : name;
}

/**
 * Name of a PriorityClass of the deployment's own. These have no namespace: joined by hyphens, `a-b` and `c` would be `a`
 * and `b-c`, too. The server keeps names that begin with `system-` for itself.
 */
export function priorityClassNameOf({ workload, namespace }: WorkloadContext, use: 'canary' | 'backfill'): string {
  return `${use}.${namespace}.${workload.name}`;
}

/** PriorityClass of the canary's pods, and whether the deployment creates it. */
export function canaryPriorityClass(context: WorkloadContext): { name: string; own: boolean } {
  const { priorityClassName } = context.workload.canary;
  return priorityClassName === undefined
    ? { name: priorityClassNameOf(context, 'canary'), own: true }
    : { name: priorityClassName, own: false };
}

/** Labels that select the pods of a workload. They must not change, as a Deployment's selector is immutable. */
export function workloadSelector({ workload, server }: WorkloadContext): Record<string, string> {
  return { 'app.kubernetes.io/name': server.appName, 'app.kubernetes.io/instance': workload.name };
}

/** Labels that select the pods of one track. */
export function trackSelector(context: WorkloadContext, track: Track): Record<string, string> {
  return { ...workloadSelector(context), track };
}

/**
 * Labels of every object of a deployment, by which `kubectl apply --prune` selects them. They name the namespace, so
 * that pruning one deployment leaves the cluster-wide objects of the others alone.
 */
export function sharedLabels(namespace: string): Record<string, string> {
  return { 'app.kubernetes.io/part-of': namespace, 'app.kubernetes.io/managed-by': 'cdk8s' };
}

/** Labels of a workload's objects. */
export function workloadLabels(context: WorkloadContext): Record<string, string> {
  return {
    ...workloadSelector(context),
    'app.kubernetes.io/component': 'inference',
    ...sharedLabels(context.namespace),
  };
}

/** Metadata of an object of the workload, with further labels. */
export function objectMeta(context: WorkloadContext, name: string, labels: Record<string, string> = {}) {
  return { name, namespace: context.namespace, labels: { ...workloadLabels(context), ...labels } };
}

/** Labels of a track's pods: those of the selector, and the version that runs. */
export function podLabels(context: WorkloadContext, track: Track, image: string): Record<string, string> {
  return {
    ...workloadLabels(context),
    ...trackSelector(context, track),
    'app.kubernetes.io/version': versionOf(image),
  };
}

/** Annotations that every pod of a workload has: kubectl's default container, and where Prometheus scrapes. */
export function ownPodAnnotations({ workload, server }: WorkloadContext): Record<string, string> {
  const scraping = {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(server.ports.admin),
    'prometheus.io/path': server.paths.metrics,
  };
  return {
    'kubectl.kubernetes.io/default-container': serverContainer(workload),
    ...(workload.observability.scrapeAnnotations ? scraping : {}),
  };
}

/** The tag of an image, or the beginning of its digest, as the value of a label. */
export function versionOf(image: string): string {
  const [reference = '', digest] = image.split('@sha256:');
  const tag = /:([\w][\w.-]*)$/.exec(reference)?.[1];
  return (tag ?? digest ?? '')
    .slice(0, 12 + (tag === undefined ? 0 : 51))
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

/** Longest hash of a template in the name of a ReplicaSet: the digits of 32 bits. */
const LONGEST_HASH = 10;
/** Characters of a generated name that the API server keeps before the suffix (k8s.io/apiserver, pkg/storage/names). */
const KEPT_CHARACTERS = 58;

/**
 * Regular expression for the names of a track's pods in metrics: Deployment, hash of the template, suffix. It does not
 * match names with a further part, such as the canary's. In a long name, the API server leaves out the end of the hash,
 * and the hyphen after it.
 */
export function podNamePattern(context: WorkloadContext, track: Track): string {
  const name = deploymentName(context, track);
  const isCut = `${name}-`.length + LONGEST_HASH + 1 > KEPT_CHARACTERS;
  return isCut ? `${name}-[a-z0-9]+(-[a-z0-9]{5})?` : `${name}-[a-z0-9]+-[a-z0-9]{5}`;
}
