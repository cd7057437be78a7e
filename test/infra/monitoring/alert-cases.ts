import {
  CANARY,
  fires,
  HOURS,
  latencies,
  load,
  QWEN,
  READY,
  requests,
  RUNBOOK,
  SECOND,
  silent,
  STABLE,
  STRANGER,
  type Series,
} from './alert-series.ts';
import type { ScenarioName } from '../scenarios.ts';

/** One unit test of promtool, without its name. */
export interface AlertTest {
  /** Scenario whose rules are tested; `everything` unless another is named. */
  readonly scenario?: ScenarioName;
  /** Time between two samples, a minute unless a test looks at the first ones. */
  readonly interval?: string;
  readonly input_series: readonly Series[];
  readonly alert_rule_test: readonly {
    readonly eval_time: string;
    readonly alertname: string;
    readonly exp_alerts: readonly {
      exp_labels: Record<string, string>;
      exp_annotations: Record<string, string>;
    }[];
  }[];
}

/** What each alert has to notice, and what it has to leave alone. */
export const alertTest: Readonly<Record<string, AlertTest>> = {
  'a tenth of the requests failing burns the availability budget fast': {
    input_series: [requests(STABLE, 200, 90, 2 * HOURS), requests(STABLE, 500, 10, 2 * HOURS)],
    alert_rule_test: [fires('AvailabilityBurnsFast', '2h', 'critical', '10% of the requests fail; at most 0.5 % may.')],
  },
  'a failure in a thousand is within the promise': {
    input_series: [requests(STABLE, 200, 999, 80 * HOURS), requests(STABLE, 500, 1, 80 * HOURS)],
    alert_rule_test: [silent('AvailabilityBurnsFast', '80h'), silent('AvailabilityBurnsSlowly', '80h')],
  },
  'failures that are over leave the fast alert at once': {
    input_series: [
      requests(STABLE, 200, 90, 3 * HOURS),
      {
        series: `ofa_ve_requests_total{${STABLE},route="/predict",status="503"}`,
        values: '0+30x60 1800x120',
      },
    ],
    alert_rule_test: [
      fires('AvailabilityBurnsFast', '60m', 'critical', '25% of the requests fail; at most 0.5 % may.'),
      silent('AvailabilityBurnsFast', '1h40m'),
    ],
  },
  'a steady two per cent of failures burns the budget slowly': {
    input_series: [requests(STABLE, 200, 98, 80 * HOURS), requests(STABLE, 500, 2, 80 * HOURS)],
    alert_rule_test: [
      silent('AvailabilityBurnsFast', '80h'),
      fires('AvailabilityBurnsSlowly', '80h', 'warning', "2% of the requests fail; the month's budget will not last."),
    ],
  },
  'probes that are refused while a pod starts are no failed requests': {
    input_series: [requests(STABLE, 200, 10, 2 * HOURS), requests(STABLE, 503, 90, 2 * HOURS, { route: '/readyz' })],
    alert_rule_test: [silent('AvailabilityBurnsFast', '2h')],
  },
  'slow clients and deadlines that clients have shortened burn nothing': {
    input_series: [
      requests(STABLE, 200, 50, 80 * HOURS),
      requests(STABLE, 408, 30, 80 * HOURS),
      requests(STABLE, 504, 20, 80 * HOURS, { outcome: 'client_deadline' }),
    ],
    alert_rule_test: [silent('AvailabilityBurnsFast', '80h'), silent('AvailabilityBurnsSlowly', '80h')],
  },
  'requests that clients have spoilt do not water down the failures of the others': {
    input_series: [
      requests(STABLE, 200, 90, 2 * HOURS),
      requests(STABLE, 503, 10, 2 * HOURS),
      requests(STABLE, 400, 500, 2 * HOURS),
      requests(STABLE, 429, 500, 2 * HOURS),
      requests(STABLE, 499, 500, 2 * HOURS),
      requests(STABLE, 504, 500, 2 * HOURS, { outcome: 'client_deadline' }),
    ],
    alert_rule_test: [fires('AvailabilityBurnsFast', '2h', 'critical', '10% of the requests fail; at most 0.5 % may.')],
  },
  'refusals because the queue is full burn the budget': {
    input_series: [
      requests(STABLE, 200, 90, 2 * HOURS),
      requests(STABLE, 429, 10, 2 * HOURS, { outcome: 'overloaded' }),
    ],
    alert_rule_test: [fires('AvailabilityBurnsFast', '2h', 'critical', '10% of the requests fail; at most 0.5 % may.')],
  },
  'a client that exceeds its rate or share burns nothing': {
    input_series: [requests(STABLE, 200, 50, 80 * HOURS), requests(STABLE, 429, 950, 80 * HOURS)],
    alert_rule_test: [silent('AvailabilityBurnsFast', '80h'), silent('AvailabilityBurnsSlowly', '80h')],
  },
  'deadlines of the service that are missed burn the budget': {
    input_series: [requests(STABLE, 200, 90, 2 * HOURS), requests(STABLE, 504, 10, 2 * HOURS)],
    alert_rule_test: [fires('AvailabilityBurnsFast', '2h', 'critical', '10% of the requests fail; at most 0.5 % may.')],
  },
  'failures of a version without the label outcome count': {
    input_series: [
      requests(STABLE, 200, 90, 2 * HOURS),
      {
        series: `ofa_ve_requests_total{${STABLE},route="/predict",status="500"}`,
        values: `0+10x${2 * HOURS}`,
      },
    ],
    alert_rule_test: [fires('AvailabilityBurnsFast', '2h', 'critical', '10% of the requests fail; at most 0.5 % may.')],
  },
  'the pods of another workload are no concern': {
    input_series: [requests(STABLE, 200, 10, 2 * HOURS), requests(STRANGER, 500, 90, 2 * HOURS)],
    alert_rule_test: [silent('AvailabilityBurnsFast', '2h')],
  },
  'no traffic at all burns nothing': {
    input_series: [requests(STABLE, 200, 0, 2 * HOURS), requests(STABLE, 500, 0, 2 * HOURS)],
    alert_rule_test: [silent('AvailabilityBurnsFast', '2h'), silent('LatencyBurnsFast', '2h')],
  },
  'a fifth of the requests being slow burns the latency budget fast': {
    input_series: latencies(80, 100, 2 * HOURS),
    alert_rule_test: [fires('LatencyBurnsFast', '2h', 'critical', '20% of the requests take longer than 2.5 s.')],
  },
  'fast probes, refusals and failures do not make up for slow answers': {
    input_series: [
      ...latencies(80, 100, 2 * HOURS),
      ...latencies(9000, 9000, 2 * HOURS, { route: '/readyz' }),
      ...latencies(900, 900, 2 * HOURS, { outcome: 'refused' }),
      ...latencies(900, 900, 2 * HOURS, { outcome: 'failed' }),
    ],
    alert_rule_test: [fires('LatencyBurnsFast', '2h', 'critical', '20% of the requests take longer than 2.5 s.')],
  },
  'four per cent of slow requests burn it slowly': {
    input_series: latencies(96, 100, 80 * HOURS),
    alert_rule_test: [
      silent('LatencyBurnsFast', '80h'),
      fires(
        'LatencyBurnsSlowly',
        '80h',
        'warning',
        "4% of the requests take longer than 2.5 s; the month's budget will not last.",
      ),
    ],
  },
  'a pod with four fifths of its slots in use is saturated': {
    input_series: [...load(STABLE, '50x30', '8x30'), ...load(SECOND, '0x30', '1x30')],
    alert_rule_test: [
      silent('QueueSaturated', '4m'),
      fires('QueueSaturated', '10m', 'warning', 'A pod has 58 of 64 slots in use; requests will be refused.'),
    ],
  },
  'a pod whose queue is empty between two rushes of refused clients is saturated': {
    interval: '15s',
    input_series: load(STABLE, '60 60 0 '.repeat(30), '4 4 0 '.repeat(30)),
    alert_rule_test: [
      silent('QueueSaturated', '4m'),
      fires('QueueSaturated', '9m', 'warning', 'A pod has 64 of 64 slots in use; requests will be refused.'),
      fires('QueueSaturated', '20m', 'warning', 'A pod has 64 of 64 slots in use; requests will be refused.'),
    ],
  },
  'many pods with a little each are not': {
    input_series: [STABLE, SECOND].flatMap((pod) => load(pod, '30x30', '8x30')),
    alert_rule_test: [silent('QueueSaturated', '10m')],
  },
  'a pod that has a rush a minute is not': {
    interval: '15s',
    input_series: load(STABLE, '60 9 0 0 '.repeat(20), '4 8 0 0 '.repeat(20)),
    alert_rule_test: [silent('QueueSaturated', '9m'), silent('QueueSaturated', '19m')],
  },
  'a Deployment without a ready pod is reported': {
    input_series: [{ series: READY, values: '2x5 0x10' }],
    alert_rule_test: [
      silent('NoReadyReplica', '5m'),
      fires('NoReadyReplica', '10m', 'critical', 'No pod is ready; every request fails.', {
        deployment: 'ofa-ve',
      }),
    ],
  },
  'an engine that keeps being replaced is reported, of whichever reasons': {
    input_series: [
      { series: `ofa_ve_engine_restarts_total{${STABLE},reason="crash"}`, values: '0x10 1x10 2x20' },
      { series: `ofa_ve_engine_restarts_total{${STABLE},reason="timeout"}`, values: '0x15 2x25' },
      { series: `ofa_ve_engine_restarts_total{${SECOND},reason="crash"}`, values: '0x10 1x30' },
    ],
    alert_rule_test: [
      silent('EngineRestarts', '12m'),
      fires(
        'EngineRestarts',
        '30m',
        'warning',
        'The engine of ofa-ve-5d8f7c9b4-x2x2x was replaced 4 times within 30 minutes.',
        { pod: 'ofa-ve-5d8f7c9b4-x2x2x' },
      ),
    ],
  },
  'the restarts of the canary’s engine are reported, and those of other workloads are not': {
    input_series: [CANARY, STRANGER].map((pod) => ({
      series: `ofa_ve_engine_restarts_total{${pod},reason="crash"}`,
      values: '0x10 1x5 2x5 4x20',
    })),
    alert_rule_test: [
      silent('EngineRestarts', '18m'),
      fires(
        'EngineRestarts',
        '30m',
        'warning',
        'The engine of ofa-ve-canary-6f6f6f6f6f-z4z4z was replaced 4 times within 30 minutes.',
        { pod: 'ofa-ve-canary-6f6f6f6f6f-z4z4z' },
      ),
    ],
  },
  'a GPU that is nearly full is reported': {
    input_series: [{ series: `ofa_ve_gpu_memory_bytes{${STABLE},gpu="0"}`, values: '16106127360x30' }],
    alert_rule_test: [
      fires('GpuMemoryHigh', '10m', 'warning', 'GPU 0 of ofa-ve-5d8f7c9b4-x2x2x has 15GiB in use, more than 14Gi.', {
        pod: 'ofa-ve-5d8f7c9b4-x2x2x',
        gpu: '0',
      }),
    ],
  },
  'a canary that fails where the stable version does not is reported, and only it': {
    input_series: [requests(STABLE, 200, 90, 60), requests(CANARY, 200, 6, 60), requests(CANARY, 500, 4, 60)],
    alert_rule_test: [
      fires(
        'CanaryFails',
        '30m',
        'critical',
        '40% of the requests to the canary fail, far more than to the stable version.',
      ),
      silent('AvailabilityBurnsFast', '30m'),
    ],
  },
  'a fault that both versions share is not the canary’s': {
    input_series: [STABLE, CANARY].flatMap((pod) => [requests(pod, 200, 60, 60), requests(pod, 500, 40, 60)]),
    alert_rule_test: [silent('CanaryFails', '30m')],
  },
  // Prometheus 3 writes the bounds of classic histograms as floating-point numbers.
  ...Object.fromEntries(
    ['20', '20.0'].map((bound) => [
      `slow answers of another server are noticed with the bound written ${bound}`,
      {
        scenario: 'multi-model',
        input_series: [
          { series: `vllm:e2e_request_latency_seconds_bucket{${QWEN},le="${bound}"}`, values: '0+5x120' },
          { series: `vllm:e2e_request_latency_seconds_count{${QWEN}}`, values: '0+10x120' },
        ],
        alert_rule_test: [
          {
            eval_time: '2h',
            alertname: 'LatencyBurnsFast',
            exp_alerts: [
              {
                exp_labels: { workload: 'qwen-vl', namespace: 'ofa-ve', severity: 'critical' },
                exp_annotations: {
                  summary: 'qwen-vl: 50% of the requests take longer than 20 s.',
                  runbook_url: `${RUNBOOK}#latencyburnsfast`,
                },
              },
            ],
          },
        ],
      },
    ]),
  ),
};
