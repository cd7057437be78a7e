import { CANARY, CREATED, fires, latencies, load, READY, requests, SECOND, silent, STABLE } from './alert-series.ts';
import type { AlertTest } from './alert-cases.ts';

const CANARY_READY = 'kube_deployment_status_replicas_ready{namespace="ofa-ve",deployment="ofa-ve-canary"}';
const NO_POD = 'No pod is ready; every request fails.';
const DEPLOYMENT = { deployment: 'ofa-ve' };

/** A counter's series: the samples in promtool's notation. */
const counter = (pod: string, status: number, values: string, outcome: string) => ({
  series: `ofa_ve_requests_total{${pod},route="/predict",status="${status}",outcome="${outcome}"}`,
  values,
});

/** What alerts do in the first minutes of a pod or a cluster, and after a long silence: series as they really begin. */
export const beginnings: Readonly<Record<string, AlertTest>> = {
  'a new Deployment may take its time to start': {
    input_series: [CREATED, { series: READY, values: '0x25 2x30' }],
    alert_rule_test: [silent('NoReadyReplica', '5m'), silent('NoReadyReplica', '20m'), silent('NoReadyReplica', '40m')],
  },
  'a new Deployment that never becomes ready is reported when its time is up': {
    input_series: [CREATED, { series: READY, values: '0x60' }],
    alert_rule_test: [silent('NoReadyReplica', '25m'), fires('NoReadyReplica', '35m', 'critical', NO_POD, DEPLOYMENT)],
  },
  'a new Deployment that loses its first pods is reported at once': {
    input_series: [CREATED, { series: READY, values: '0x5 2x2 0x10' }],
    alert_rule_test: [fires('NoReadyReplica', '12m', 'critical', NO_POD, DEPLOYMENT)],
  },
  'an outage stays reported, although for hours no pod has been ready': {
    input_series: [CREATED, { series: READY, values: '2x5 0x200' }],
    alert_rule_test: [fires('NoReadyReplica', '3h', 'critical', NO_POD, DEPLOYMENT)],
  },
  'a first request that fails is not a burning budget': {
    interval: '15s',
    input_series: [counter(STABLE, 200, '0x40', 'answered'), counter(STABLE, 503, '0x4 1x36', 'failed')],
    alert_rule_test: [silent('AvailabilityBurnsFast', '2m'), silent('AvailabilityBurnsFast', '10m')],
  },
  'a request that fails after a night of silence is not one either': {
    input_series: [
      counter(STABLE, 200, '0+10x60 600x480 600x20', 'answered'),
      counter(STABLE, 503, '0x540 1x20', 'failed'),
    ],
    alert_rule_test: [silent('AvailabilityBurnsFast', '9h5m'), silent('AvailabilityBurnsSlowly', '9h5m')],
  },
  'failures in the first minutes of a cluster are reported': {
    interval: '15s',
    input_series: [counter(STABLE, 200, '0+5x40', 'answered'), counter(STABLE, 503, '0+5x40', 'failed')],
    alert_rule_test: [fires('AvailabilityBurnsFast', '3m', 'critical', '50% of the requests fail; at most 0.5 % may.')],
  },
  'failures after a night of silence are reported': {
    input_series: [counter(STABLE, 200, '600x560', 'answered'), counter(STABLE, 503, '0x540 0+4x20', 'failed')],
    alert_rule_test: [
      fires('AvailabilityBurnsFast', '9h10m', 'critical', '100% of the requests fail; at most 0.5 % may.'),
    ],
  },
  'the first failures of a pod count in full, because their counter starts at 0': {
    interval: '15s',
    input_series: [counter(STABLE, 200, '0x4 490x36', 'answered'), counter(STABLE, 503, '0x4 10x36', 'failed')],
    alert_rule_test: [
      silent('AvailabilityBurnsFast', '30s'),
      // Ten of five hundred: burning slowly, not fast.
      silent('AvailabilityBurnsFast', '4m'),
      fires('AvailabilityBurnsSlowly', '4m', 'warning', "2% of the requests fail; the month's budget will not last."),
    ],
  },
  'no slow answer is made up where the first samples are above 0': {
    interval: '15s',
    input_series: latencies(40, 40, 40).map(({ series }) => ({ series, values: '_x8 500+40x32' })),
    alert_rule_test: [silent('LatencyBurnsFast', '3m'), silent('LatencyBurnsFast', '10m')],
  },
  'one slow answer after a silence is not a burning budget': {
    input_series: latencies(0, 0, 1).map(({ series }) => ({
      series,
      values: series.includes('le="2.5"') ? '300x140' : '300x120 301x20',
    })),
    alert_rule_test: [silent('LatencyBurnsFast', '2h3m'), silent('LatencyBurnsSlowly', '2h3m')],
  },
  'a new pod is saturated only after five minutes': {
    input_series: load(SECOND, '_x10 60x20', '_x10 4x20'),
    alert_rule_test: [
      silent('QueueSaturated', '14m'),
      fires('QueueSaturated', '17m', 'warning', 'A pod has 64 of 64 slots in use; requests will be refused.'),
    ],
  },
  'restarts of an engine in the first minute of a pod are counted': {
    interval: '15s',
    input_series: [{ series: `ofa_ve_engine_restarts_total{${STABLE},reason="crash"}`, values: '0x1 1 2 3x20' }],
    alert_rule_test: [
      silent('EngineRestarts', '30s'),
      fires(
        'EngineRestarts',
        '2m',
        'warning',
        'The engine of ofa-ve-5d8f7c9b4-x2x2x was replaced 3 times within 30 minutes.',
        { pod: 'ofa-ve-5d8f7c9b4-x2x2x' },
      ),
    ],
  },
  'restarts go on counting when the container is restarted': {
    input_series: [{ series: `ofa_ve_engine_restarts_total{${STABLE},reason="crash"}`, values: '0x10 1 2 0x10 1x20' }],
    alert_rule_test: [
      fires(
        'EngineRestarts',
        '25m',
        'warning',
        'The engine of ofa-ve-5d8f7c9b4-x2x2x was replaced 3 times within 30 minutes.',
        { pod: 'ofa-ve-5d8f7c9b4-x2x2x' },
      ),
    ],
  },
  'a new pod that fills its GPU is reported after five minutes': {
    input_series: [{ series: `ofa_ve_gpu_memory_bytes{${STABLE},gpu="0"}`, values: '_x10 16106127360x20' }],
    alert_rule_test: [
      silent('GpuMemoryHigh', '14m'),
      fires('GpuMemoryHigh', '17m', 'warning', 'GPU 0 of ofa-ve-5d8f7c9b4-x2x2x has 15GiB in use, more than 14Gi.', {
        pod: 'ofa-ve-5d8f7c9b4-x2x2x',
        gpu: '0',
      }),
    ],
  },
  'a canary whose first request fails is not condemned': {
    input_series: [
      requests(STABLE, 200, 90, 30),
      counter(CANARY, 200, '0x30', 'answered'),
      counter(CANARY, 500, '0x10 1x20', 'failed'),
    ],
    alert_rule_test: [silent('CanaryFails', '16m'), silent('CanaryFails', '18m')],
  },
  'a canary that fails is reported although the stable version has had no request': {
    input_series: [
      counter(STABLE, 200, '0x30', 'answered'),
      counter(STABLE, 500, '0x30', 'failed'),
      requests(CANARY, 200, 6, 30),
      requests(CANARY, 500, 4, 30),
    ],
    alert_rule_test: [
      fires(
        'CanaryFails',
        '20m',
        'critical',
        '40% of the requests to the canary fail, far more than to the stable version.',
      ),
    ],
  },
  'a canary that finds no node is reported, and only it': {
    input_series: [
      { series: `kube_pod_status_unschedulable{${CANARY},uid="a"}`, values: '1x10 _x20' },
      { series: `kube_pod_status_unschedulable{${STABLE},uid="b"}`, values: '1x30' },
    ],
    alert_rule_test: [
      silent('CanaryPending', '4m'),
      fires(
        'CanaryPending',
        '6m',
        'warning',
        'No node has room for ofa-ve-canary-6f6f6f6f6f-z4z4z, such as a free GPU.',
        {
          pod: 'ofa-ve-canary-6f6f6f6f6f-z4z4z',
        },
      ),
      silent('CanaryPending', '20m'),
    ],
  },
  'a canary without a ready pod that has a share of the requests is reported': {
    input_series: [{ series: CANARY_READY, values: '1x5 0x10' }],
    alert_rule_test: [
      silent('CanaryNotReady', '6m'),
      fires(
        'CanaryNotReady',
        '9m',
        'critical',
        'No pod of the canary is ready, but 25 % of the requests are routed to it.',
        { deployment: 'ofa-ve-canary' },
      ),
    ],
  },
};
