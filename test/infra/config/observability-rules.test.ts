import { describe, expect, it } from 'vitest';
import { config } from '../../../infra/config.ts';
import { environmentOf } from '../../../infra/environment.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';

/** Changes of a workload, and what synth says about them. */
const REFUSED: readonly (readonly [
  name: string,
  changes: readonly (readonly [path: string, value: unknown])[],
  sentence: string,
])[] = [
  [
    'an objective between two buckets',
    [
      ['observability.alerts.enabled', true],
      ['observability.alerts.objectives.latencySeconds', 2],
    ],
    'observability.alerts.objectives.latencySeconds is 2, which is not the bound of a bucket of ofa_ve_request_latency_seconds; use one of 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60.',
  ],
  [
    'scrapes that are too rare for alerts',
    [
      ['observability.alerts.enabled', true],
      ['observability.scrapeIntervalSeconds', 300],
    ],
    'observability.scrapeIntervalSeconds is 300, too long for alerts that look at five minutes; use 75 at most.',
  ],
  [
    'traces that a setting turns off',
    [
      ['observability.tracing.enabled', true],
      ['server.settings', { OTEL_SDK_DISABLED: 'true' }],
    ],
    'observability.tracing.enabled is true, but server.settings.OTEL_SDK_DISABLED is true, with which no traces are sent; leave it out, or set observability.tracing.enabled to false.',
  ],
  [
    'traces that go nowhere',
    [
      ['observability.tracing.enabled', true],
      ['server.settings', { OTEL_TRACES_EXPORTER: 'none' }],
    ],
    'observability.tracing.enabled is true, but server.settings.OTEL_TRACES_EXPORTER is none, with which no traces are sent; leave it out, or set observability.tracing.enabled to false.',
  ],
  [
    'traces to a collector that nobody has named',
    [['server.settings', { OTEL_TRACES_EXPORTER: 'otlp' }]],
    'server.settings.OTEL_TRACES_EXPORTER is otlp, but observability.tracing.enabled is false, so that traces would go to localhost; set it to true, with the address of your collector as observability.tracing.endpoint, or leave the setting out.',
  ],
  ...['monitorLabels', 'alerts.labels', 'dashboard.labels'].map(
    (path) =>
      [
        `${path} by which pruning would not find the object`,
        [[`observability.${path}`, { 'app.kubernetes.io/part-of': 'kube-prometheus' }]],
        `observability.${path} has app.kubernetes.io/part-of, which is set by the deployment, whose objects are found by it; leave it out.`,
      ] as const,
  ),
];

describe('monitoring that does less than it says', () => {
  it.each(REFUSED)('%s', (_name, changes, sentence) => {
    const wrong = changes.reduce<unknown>(
      (whole, [path, value]) => deepChange(whole, `workloads.0.${path}`, value),
      config,
    );
    expect(mistakesOf(wrong)).toEqual([`workloads[0].${sentence}`]);
  });

  it('settings that turn traces off where none are asked for', () => {
    for (const exporter of ['none', 'otlp']) {
      const off = { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: exporter };
      expect(mistakesOf(deepChange(config, 'workloads.0.server.settings', off))).toEqual([]);
    }
  });

  it('a server of another kind whose buckets are not listed', async () => {
    const environment = (await environmentOf('multi-model')).config;
    const path = 'workloads.1.server.metrics.latencyBucketsSeconds';
    expect(mistakesOf(deepChange(environment, path, []))).toEqual([
      'workloads[1].server.metrics.latencyBucketsSeconds is empty, but alerts compare vllm:e2e_request_latency_seconds with the bound of a bucket; list the bounds.',
    ]);
  });
});
