import type { ServerFacts } from '../config/server-facts.ts';
import type { WorkloadContext } from './context.ts';

/** Which of a workload's two Deployments. */
export type Track = 'stable' | 'canary';

/** Names of container, Service and probe ports. */
export const PORT_NAMES = { http: 'http', metrics: 'metrics' } as const;

/** Container port that serves the metrics, by name: the one for requests where the server has only one. */
export function metricsPortName({ ports }: ServerFacts): string {
  return ports.admin === ports.http ? PORT_NAMES.http : PORT_NAMES.metrics;
}

/** Name of a track's Deployment and Service. */
export function trackName({ workload }: WorkloadContext, track: Track): string {
  return track === 'stable' ? workload.name : `${workload.name}-canary`;
}

/** Labels that pick the pods of a workload. They must not change: a Deployment's selector is immutable. */
export function workloadSelector({ workload, server }: WorkloadContext): Record<string, string> {
  return { 'app.kubernetes.io/name': server.appName, 'app.kubernetes.io/instance': workload.name };
}

/** Labels that pick the pods of one track. */
export function trackSelector(context: WorkloadContext, track: Track): Record<string, string> {
  return { ...workloadSelector(context), track };
}

/** Labels of everything in the deployment. */
export const SHARED_LABELS = {
  'app.kubernetes.io/part-of': 'ofa-ve',
  'app.kubernetes.io/managed-by': 'cdk8s',
} as const;

/** Labels of a workload's objects. */
export function workloadLabels(context: WorkloadContext): Record<string, string> {
  return {
    ...workloadSelector(context),
    'app.kubernetes.io/component': 'inference',
    ...SHARED_LABELS,
  };
}

/** Labels of a track's pods: the selector's, and the version that runs. */
export function podLabels(context: WorkloadContext, track: Track, image: string): Record<string, string> {
  return {
    ...workloadLabels(context),
    ...trackSelector(context, track),
    'app.kubernetes.io/version': versionOf(image),
  };
}

/** An image's tag, or the beginning of its digest, as a label's value. */
function versionOf(image: string): string {
  const [reference = '', digest] = image.split('@sha256:');
  const tag = /:([\w][\w.-]*)$/.exec(reference)?.[1];
  return (tag ?? digest ?? '').slice(0, 12 + (tag === undefined ? 0 : 51)).replace(/[^A-Za-z0-9]+$/, '');
}

/**
 * Regular expression for the names of a track's pods, as metrics carry them: Deployment, hash of the template,
 * suffix. A name with a further part, the canary's say, does not fit.
 */
export function podNamePattern(context: WorkloadContext, track: Track): string {
  return `${trackName(context, track)}-[a-z0-9]+-[a-z0-9]{5}`;
}
