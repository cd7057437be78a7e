import {
  buildInfo,
  CANARY,
  CREATED,
  fires,
  podReady,
  READY,
  SECOND,
  silent,
  STABLE,
  STRANGER,
} from './alert-series.ts';
import type { AlertTest } from './alert-cases.ts';

const NO_METRICS =
  'Prometheus has no metrics of the pods, of which some should be ready; no other alert can be trusted.';
const UNSCRAPED = 'is ready, but Prometheus has no metrics of it; alerts and scaling leave it out.';

/** What alerts say of pods that Prometheus does not scrape. */
export const missingMetrics: Readonly<Record<string, AlertTest>> = {
  'ready pods whose metrics are missing are reported': {
    input_series: [{ series: READY, values: '2x30' }],
    alert_rule_test: [fires('MetricsMissing', '20m', 'warning', NO_METRICS)],
  },
  'metrics that are there before the first request are not missing': {
    input_series: [{ series: READY, values: '2x30' }, buildInfo(STABLE, '1x30')],
    alert_rule_test: [silent('MetricsMissing', '20m')],
  },
  'a single ready pod whose metrics are missing is reported, and only it': {
    input_series: [
      buildInfo(STABLE, '1x60'),
      buildInfo(SECOND, '1x20 _x40'),
      podReady(STABLE, '1x60'),
      podReady(SECOND, '1x60'),
      podReady(STRANGER, '1x60'),
    ],
    alert_rule_test: [
      silent('PodMetricsMissing', '30m'),
      fires('PodMetricsMissing', '36m', 'warning', `ofa-ve-5d8f7c9b4-y3y3y ${UNSCRAPED}`, {
        pod: 'ofa-ve-5d8f7c9b4-y3y3y',
      }),
      silent('MetricsMissing', '60m'),
    ],
  },
  'the canary’s only pod is reported, too': {
    input_series: [buildInfo(STABLE, '1x60'), podReady(STABLE, '1x60'), podReady(CANARY, '1x60')],
    alert_rule_test: [
      fires('PodMetricsMissing', '12m', 'warning', `ofa-ve-canary-6f6f6f6f6f-z4z4z ${UNSCRAPED}`, {
        pod: 'ofa-ve-canary-6f6f6f6f6f-z4z4z',
      }),
    ],
  },
  'pods that are not ready yet, and those of a Prometheus that has none of them, are not reported singly': {
    input_series: [buildInfo(STABLE, '1x30 _x60'), podReady(STABLE, '1x90'), podReady(SECOND, '0x30 1x60')],
    alert_rule_test: [
      silent('PodMetricsMissing', '29m'),
      silent('PodMetricsMissing', '60m'),
      fires('MetricsMissing', '60m', 'warning', NO_METRICS),
    ],
  },
  'metrics are not missed while no pod is ready yet': {
    input_series: [CREATED, { series: READY, values: '0x40' }],
    alert_rule_test: [silent('MetricsMissing', '30m')],
  },
  'metrics are missed without kube-state-metrics, too': {
    input_series: [],
    alert_rule_test: [silent('MetricsMissing', '9m'), fires('MetricsMissing', '11m', 'warning', NO_METRICS)],
  },
  'metrics that disappear are missed after a quarter of an hour': {
    input_series: [{ series: READY, values: '2x60' }, buildInfo(STABLE, '1x30 _x30')],
    alert_rule_test: [silent('MetricsMissing', '40m'), fires('MetricsMissing', '46m', 'warning', NO_METRICS)],
  },
};
