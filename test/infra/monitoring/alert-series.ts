import type { RequestOutcome } from '../../../service/contract.ts';
import { outcomeOf } from '../../../service/observability/request-record.ts';

/** A series and its values, in promtool's notation (`0+5x10`: from 0, ten steps of 5). */
export interface Series {
  readonly series: string;
  readonly values: string;
}

export const STABLE = 'namespace="ofa-ve",pod="ofa-ve-5d8f7c9b4-x2x2x"';
export const SECOND = 'namespace="ofa-ve",pod="ofa-ve-5d8f7c9b4-y3y3y"';
export const CANARY = 'namespace="ofa-ve",pod="ofa-ve-canary-6f6f6f6f6f-z4z4z"';
export const STRANGER = 'namespace="ofa-ve",pod="ofa-ve-batch-5d8f7c9b4-x2x2x"';
export const QWEN = 'namespace="ofa-ve",pod="qwen-vl-5d8f7c9b4-x2x2x"';
export const RUNBOOK = 'https://git.example.com/ai/ofa-ve/docs/runbook.md';

/** Series as Prometheus scraped them from a running service. */
export type Recording = readonly Series[];
/** Seconds between the scrapes of a recording. */
export const SCRAPE_SECONDS = 15;

/** Minutes, that is samples, of an hour. */
export const HOURS = 60;

interface RequestLabels {
  readonly route?: string;
  readonly outcome?: RequestOutcome;
}

export function requests(
  pod: string,
  status: number,
  perMinute: number,
  minutes: number,
  { route = '/predict', outcome = outcomeOf({ status, problem: undefined }) }: RequestLabels = {},
): Series {
  return {
    series: `ofa_ve_requests_total{${pod},route="${route}",status="${status}",outcome="${outcome}"}`,
    values: `0+${perMinute}x${minutes}`,
  };
}

/** A pod's items in the queue and in the engines. */
export function load(pod: string, queue: string, inflight: string): Series[] {
  return [
    { series: `ofa_ve_queue_items{${pod}}`, values: queue },
    { series: `ofa_ve_inflight_items{${pod}}`, values: inflight },
  ];
}

/** Buckets of the latency histogram: how many a minute up to 2.5 s, and in all. */
export function latencies(
  fast: number,
  all: number,
  minutes: number,
  { route = '/predict', outcome = 'answered' } = {},
): Series[] {
  const name = 'ofa_ve_request_latency_seconds';
  const labels = `${STABLE},route="${route}",outcome="${outcome}"`;
  return [
    { series: `${name}_bucket{${labels},le="2.5"}`, values: `0+${fast}x${minutes}` },
    { series: `${name}_bucket{${labels},le="+Inf"}`, values: `0+${all}x${minutes}` },
    { series: `${name}_count{${labels}}`, values: `0+${all}x${minutes}` },
  ];
}

/** That an alert fires, with the labels and texts that people will see. */
export function fires(
  alertname: string,
  evalTime: string,
  severity: string,
  summary: string,
  labels: Record<string, string> = {},
) {
  return {
    eval_time: evalTime,
    alertname,
    exp_alerts: [
      {
        exp_labels: { workload: 'ofa-ve', namespace: 'ofa-ve', severity, ...labels },
        exp_annotations: {
          summary: `ofa-ve: ${summary}`,
          runbook_url: `${RUNBOOK}#${alertname.toLowerCase()}`,
        },
      },
    ],
  };
}

/** That an alert does not fire. */
export function silent(alertname: string, evalTime: string) {
  return { eval_time: evalTime, alertname, exp_alerts: [] };
}

export const READY = 'kube_deployment_status_replicas_ready{namespace="ofa-ve",deployment="ofa-ve"}';

/** Whether a pod is ready, as kube-state-metrics says it. */
export function podReady(pod: string, values: string): Series {
  return { series: `kube_pod_status_ready{${pod},uid="a",condition="true"}`, values };
}

/** A metric that a pod has from its start on. */
export function buildInfo(pod: string, values: string): Series {
  return { series: `ofa_ve_build_info{${pod},version="1.0"}`, values };
}

/** Unix time at which the Deployment was created: the beginning of a test. */
export const CREATED: Series = {
  series: 'kube_deployment_created{namespace="ofa-ve",deployment="ofa-ve"}',
  values: '0x600',
};
