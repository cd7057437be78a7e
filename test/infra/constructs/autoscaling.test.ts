import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Changes, DeploymentConfig, WorkloadConfig } from '../../../infra/config.ts';
import { environmentOf } from '../../../infra/environment.ts';
import { manifestsOf, only, type Labels } from '../manifests.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

describe('autoscaling', () => {
  const autoscaler = (config: DeploymentConfig) =>
    only(manifestsOf(config), 'HorizontalPodAutoscaler') as unknown as IHorizontalPodAutoscaler;
  const targetsOf = (config: DeploymentConfig) =>
    autoscaler(config).spec?.metrics?.map(({ pods, resource }) => [
      pods?.metric.name ?? resource?.name,
      pods?.target.averageValue ?? resource?.target.averageUtilization,
    ]);
  const ALL = withWorkload({ autoscaling: { targets: { requestsPerSecond: 10, cpuPercent: 60 } } });

  it('scales from 2 to 6 pods by load, which needs no metrics-server', () => {
    const { spec } = autoscaler(scenarios.default);
    expect([spec?.minReplicas, spec?.maxReplicas]).toEqual([2, 6]);
    expect(targetsOf(scenarios.default)).toEqual([['ofa_ve_load_items', '8']]);
  });

  it('scales by requests and CPU where they have targets', () => {
    expect(targetsOf(ALL)).toEqual([
      ['ofa_ve_load_items', '8'],
      ['ofa_ve_requests_per_second', '10'],
      ['cpu', 60],
    ]);
  });

  it('uses metrics that the rules for the adapter define', () => {
    const { data } = only(manifestsOf(ALL), 'ConfigMap', 'ofa-ve-adapter-rules') as unknown as { data: Labels };
    const metrics = (autoscaler(ALL).spec?.metrics ?? []).flatMap(({ pods }) => pods?.metric.name ?? []);
    expect(metrics).toHaveLength(2);
    for (const metric of metrics) expect(data['config.yaml']).toContain(`as: ${metric}`);
  });

  it('has no rule for a load that the server does not measure', async () => {
    const environment = (await environmentOf('multi-model')).config;
    const unmeasured = deepChange(
      deepChange(environment, 'workloads.1.server.metrics.load', []),
      'workloads.1.autoscaling.targets',
      { loadItems: 0, requestsPerSecond: 1, cpuPercent: 0 },
    ) as DeploymentConfig;
    const { data } = only(manifestsOf(unmeasured), 'ConfigMap', 'ofa-ve-adapter-rules') as unknown as { data: Labels };
    const { rules } = parse(data['config.yaml'] ?? '') as { rules: { name: { as: string } }[] };
    expect(rules.map(({ name }) => name.as)).toEqual([
      'ofa_ve_load_items',
      'ofa_ve_requests_per_second',
      'qwen_vl_requests_per_second',
    ]);
  });

  it('has KEDA fall back where Prometheus may not answer, and not on the CPU alone, which KEDA refuses', () => {
    const fallbackWith = (targets: Changes<WorkloadConfig>['autoscaling']) => {
      const config = withWorkload({ autoscaling: { by: 'keda', adapter: { rules: false }, ...targets } });
      return (only(manifestsOf(config), 'ScaledObject')['spec'] as { fallback?: unknown }).fallback;
    };
    expect(fallbackWith({ targets: { cpuPercent: 60 } })).toMatchObject({ replicas: 3 });
    expect(fallbackWith({ targets: { loadItems: 0, requestsPerSecond: 2 } })).toMatchObject({ replicas: 3 });
    expect(fallbackWith({ targets: { loadItems: 0, cpuPercent: 60 } })).toBeUndefined();
  });

  it('writes a fractional target in thousandths', () => {
    const written = (requestsPerSecond: number) =>
      autoscaler(withWorkload({ autoscaling: { targets: { requestsPerSecond } } })).spec?.metrics?.[1]?.pods?.target
        .averageValue;
    // In binary, 1.005 thousand times is less than 1005.
    expect([2.5, 1.005].map(written)).toEqual(['2500m', '1005m']);
  });
});

describe('a fixed number of pods', () => {
  const mistakes = (changes: Changes<WorkloadConfig>) => mistakesOf(withWorkload(changes));

  it.each(['hpa', 'keda'] as const)('is refused beside %s, which would not use it', (by) => {
    expect(mistakes({ replicas: 4, autoscaling: { by, adapter: { rules: false } } })).toEqual([
      `workloads[0].replicas is 4, but autoscaling.by is ${by}, which sets the number of pods; set autoscaling.minReplicas and autoscaling.maxReplicas instead, or autoscaling.by to none.`,
    ]);
  });

  it('is needed without an autoscaler', () => {
    expect(mistakes({ autoscaling: { by: 'none' } })).toEqual([
      'workloads[0].replicas is missing, but autoscaling.by is none, so nothing says how many pods there are; set it.',
    ]);
    expect(mistakes({ replicas: 4, autoscaling: { by: 'none' } })).toEqual([]);
  });
});
