import { METRICS } from '../../service/contract.ts';
import { bytesOf } from '../config/fields.ts';
import {
  BURN_RATES,
  burning,
  COUNT_WINDOWS,
  errorBudget,
  LEAST_FAILURES,
  LONG_WINDOWS,
  LONG_WINDOWS_INTERVAL,
  RATIO_WINDOWS,
  type Misses,
} from './burn-rates.ts';
import { deploymentName, podNamePattern } from '../workload/names.ts';
import { startSeconds, type WorkloadContext } from '../workload/context.ts';
import { queriesByTrack, WorkloadQueries } from './queries.ts';

/** A recording rule or an alert, as Prometheus reads it. */
interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

/** A named list of rules that are evaluated in order. */
export interface RuleGroup {
  readonly name: string;
  /** Time between two evaluations; Prometheus's own where it is left out. */
  readonly interval?: string;
  readonly rules: Rule[];
}

type Severity = 'critical' | 'warning';

/** An alert before labels, runbook link and workload are added. */
interface AlertDraft {
  readonly name: string;
  readonly severity: Severity;
  readonly expr: string;
  /** How long `expr` must hold. Burn rates have their own windows and need none. */
  readonly for?: string;
  /** One sentence; Prometheus fills in `{{ ... }}`. */
  readonly summary: string;
}

/** Prefixes of the recorded series; the window follows. */
const RECORDED = {
  failed: { ratio: 'workload:requests_failed:ratio_rate', count: 'workload:requests_failed:increase' },
  slow: { ratio: 'workload:requests_slow:ratio_rate', count: 'workload:requests_slow:increase' },
};

function identity({ workload, namespace }: WorkloadContext): Record<string, string> {
  return { workload: workload.name, namespace };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}

/** The rules that record the ratios and counts of some windows. */
function recordings(context: WorkloadContext, isRecorded: (window: string) => boolean): Rule[] {
  const { latencySeconds } = context.workload.observability.alerts.objectives;
  const queries = new WorkloadQueries(context);
  const labels = identity(context);
  const { failed, slow } = RECORDED;
  return [
    ...RATIO_WINDOWS.filter(isRecorded).flatMap((window) => [
      { record: `${failed.ratio}${window}`, expr: queries.errorRatio(window), labels },
      { record: `${slow.ratio}${window}`, expr: queries.slowRatio(window, latencySeconds), labels },
    ]),
    ...COUNT_WINDOWS.filter(isRecorded).flatMap((window) => [
      { record: `${failed.count}${window}`, expr: queries.errorCount(window), labels },
      { record: `${slow.count}${window}`, expr: queries.slowCount(window, latencySeconds), labels },
    ]),
  ];
}

function objectiveAlerts(context: WorkloadContext): AlertDraft[] {
  const { objectives } = context.workload.observability.alerts;
  const { workload, namespace } = identity(context);
  const recorded = ({ ratio, count }: (typeof RECORDED)['failed']): Misses => {
    const matchers = `{workload="${workload}",namespace="${namespace}"}`;
    return { ratio: (window) => `${ratio}${window}${matchers}`, count: (window) => `${count}${window}${matchers}` };
  };
  const failed = (rates: keyof typeof BURN_RATES) =>
    burning(recorded(RECORDED.failed), errorBudget(objectives.availabilityPercent), BURN_RATES[rates]);
  const slow = (rates: keyof typeof BURN_RATES) =>
    burning(recorded(RECORDED.slow), errorBudget(objectives.latencyPercent), BURN_RATES[rates]);
  const share = '{{ $value | humanizePercentage }} of the requests';
  return [
    {
      name: 'AvailabilityBurnsFast',
      severity: 'critical',
      expr: failed('fast'),
      summary: `${share} fail; at most ${percent(errorBudget(objectives.availabilityPercent))} may.`,
    },
    {
      name: 'AvailabilityBurnsSlowly',
      severity: 'warning',
      expr: failed('slow'),
      summary: `${share} fail; the month's budget will not last.`,
    },
    {
      name: 'LatencyBurnsFast',
      severity: 'critical',
      expr: slow('fast'),
      summary: `${share} take longer than ${objectives.latencySeconds} s.`,
    },
    {
      name: 'LatencyBurnsSlowly',
      severity: 'warning',
      expr: slow('slow'),
      summary: `${share} take longer than ${objectives.latencySeconds} s; the month's budget will not last.`,
    },
  ];
}

function capacityAlerts(context: WorkloadContext): AlertDraft[] {
  const { workload, server, namespace } = context;
  const queries = new WorkloadQueries(context);
  const threshold = (server.capacityItems * workload.observability.alerts.queueFullPercent) / 100;
  const deployment = `{namespace="${namespace}",deployment="${deploymentName(context, 'stable')}"}`;
  const ready = `kube_deployment_status_replicas_ready${deployment}`;
  const created = `kube_deployment_created${deployment}`;
  return [
    ...(server.metrics.load.length > 0
      ? [
          {
            name: 'QueueSaturated',
            severity: 'warning' as const,
            for: '5m',
            // Refused clients come back all at once: between two rushes a queue may be empty that is full most of the time.
            expr: `max(${queries.medianLoad('5m', 'pod')}) >= ${threshold}`,
            summary: `A pod has {{ $value | printf "%.0f" }} of ${server.capacityItems} slots in use; requests will be refused.`,
          },
        ]
      : []),
    {
      name: 'NoReadyReplica',
      severity: 'critical',
      for: '1m',
      // A new Deployment has the time that its first pods may take to start.
      expr: `${ready} == 0 and on () (max_over_time(${ready}[1h]) > 0 or time() - ${created} > ${startSeconds(workload)})`,
      summary: 'No pod is ready; every request fails.',
    },
    {
      name: 'MetricsMissing',
      severity: 'warning',
      for: '10m',
      // Without kube-state-metrics nobody knows whether pods are ready, and NoReadyReplica cannot fire.
      expr: `absent(${queries.select(server.metrics.always)}) unless on () ${ready} == 0`,
      summary: 'Prometheus has no metrics of the pods, of which some should be ready; no other alert can be trusted.',
    },
    {
      name: 'PodMetricsMissing',
      severity: 'warning',
      for: '10m',
      expr: unscraped(context),
      summary: '{{ $labels.pod }} is ready, but Prometheus has no metrics of it; alerts and scaling leave it out.',
    },
  ];
}

/** Ready pods without metrics. While no pod of the stable version has any, MetricsMissing says so once for all. */
function unscraped(context: WorkloadContext): string {
  const { always } = context.server.metrics;
  return queriesByTrack(context)
    .map(([track, queries]) => {
      const ready = `max by (pod) (${queries.select('kube_pod_status_ready', 'condition="true"')}) == 1`;
      const pods = `${ready} unless on (pod) ${queries.select(always)}`;
      return track === 'stable' ? `(${pods} and on () ${queries.select(always)})` : `(${pods})`;
    })
    .join(' or ');
}

/** Alerts on metrics that only the service of this repository has. */
function engineAlerts(context: WorkloadContext): AlertDraft[] {
  const { workload } = context;
  if (workload.server.kind !== 'ofa-ve') return [];
  const { alerts } = workload.observability;
  // The canary's pods, too: retries hide from CanaryFails what a new version does to its engines.
  const perPod = (expr: (queries: WorkloadQueries) => string) =>
    queriesByTrack(context)
      .map(([, queries]) => expr(queries))
      .join(' or ');
  const restarts: AlertDraft = {
    name: 'EngineRestarts',
    severity: 'warning',
    expr: perPod(
      (queries) =>
        `sum by (pod) (increase(${queries.select(METRICS.engineRestarts)}[30m])) >= ${alerts.engineRestarts}`,
    ),
    // Prometheus extrapolates an increase, so that it is hardly ever a whole number.
    summary: 'The engine of {{ $labels.pod }} was replaced {{ $value | printf "%.0f" }} times within 30 minutes.',
  };
  if (workload.gpu.kind === 'none') return [restarts];
  return [
    restarts,
    {
      name: 'GpuMemoryHigh',
      severity: 'warning',
      for: '5m',
      expr: perPod(
        (queries) => `max by (pod, gpu) (${queries.select(METRICS.gpuMemory)}) > ${bytesOf(alerts.gpuMemory)}`,
      ),
      summary: `GPU {{ $labels.gpu }} of {{ $labels.pod }} has {{ $value | humanize1024 }}B in use, more than ${alerts.gpuMemory}.`,
    },
  ];
}

function canaryAlerts(context: WorkloadContext): AlertDraft[] {
  const { workload, namespace } = context;
  if (!workload.canary.enabled) return [];
  const { weightPercent } = workload.canary;
  const stable = new WorkloadQueries(context).errorRatio('10m');
  const canary = new WorkloadQueries(context, 'canary').errorRatio('10m');
  const failures = new WorkloadQueries(context, 'canary').errorCount('10m');
  const budget = errorBudget(workload.observability.alerts.objectives.availabilityPercent);
  const unready: AlertDraft = {
    name: 'CanaryNotReady',
    severity: 'critical',
    for: '2m',
    expr: `kube_deployment_status_replicas_ready{namespace="${namespace}",deployment="${deploymentName(context, 'canary')}"} == 0`,
    summary: `No pod of the canary is ready, but ${weightPercent} % of the requests are routed to it.`,
  };
  return [
    ...(weightPercent > 0 ? [unready] : []),
    {
      name: 'CanaryPending',
      severity: 'warning',
      for: '5m',
      // The series exists only while the scheduler finds no node.
      expr: `max by (pod) (kube_pod_status_unschedulable{namespace="${namespace}",pod=~"${podNamePattern(context, 'canary')}"}) == 1`,
      summary: 'No node has room for {{ $labels.pod }}, such as a free GPU.',
    },
    {
      name: 'CanaryFails',
      severity: 'critical',
      for: '5m',
      // More failures than the objective allows, and not a fault that the stable version has, too. A stable version
      // without requests has the ratio NaN, which excuses nothing.
      expr: `(${canary}) > ${budget} and (${failures}) >= ${LEAST_FAILURES} unless (${canary}) <= 2 * (${stable})`,
      summary:
        '{{ $value | humanizePercentage }} of the requests to the canary fail, far more than to the stable version.',
    },
  ];
}

function alert(context: WorkloadContext, draft: AlertDraft): Rule {
  const { runbookUrl } = context.workload.observability.alerts;
  return {
    alert: draft.name,
    expr: draft.expr,
    ...(draft.for === undefined ? {} : { for: draft.for }),
    labels: { ...identity(context), severity: draft.severity },
    annotations: {
      summary: `${context.workload.name}: ${draft.summary}`,
      runbook_url: `${runbookUrl}#${draft.name.toLowerCase()}`,
    },
  };
}

/** The rules of a workload: the recorded ratios, then the alerts on them and on what the pods report. */
export function ruleGroups(context: WorkloadContext): RuleGroup[] {
  const drafts = [
    ...objectiveAlerts(context),
    ...capacityAlerts(context),
    ...engineAlerts(context),
    ...canaryAlerts(context),
  ];
  return [
    { name: `${context.workload.name}-ratios`, rules: recordings(context, (window) => !LONG_WINDOWS.includes(window)) },
    {
      name: `${context.workload.name}-long-ratios`,
      interval: LONG_WINDOWS_INTERVAL,
      rules: recordings(context, (window) => LONG_WINDOWS.includes(window)),
    },
    { name: `${context.workload.name}-alerts`, rules: drafts.map((draft) => alert(context, draft)) },
  ];
}
