import type { IConfigMap, IService } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { dashboardModel } from '../../../infra/constructs/monitoring/dashboard.ts';
import { ruleGroups } from '../../../infra/monitoring/alerts.ts';
import { contextOf } from '../../../infra/workload/context.ts';
import { extend, type DeploymentConfig } from '../../../infra/config.ts';
import { deployments, manifestsOf, ofKind, only, serverOf, picks, type Labels, type Manifest } from '../manifests.ts';
import { deepChange } from '../mistakes.ts';
import { scenarioNames, scenarios, withWorkload, type ScenarioName } from '../scenarios.ts';

interface Monitor {
  readonly selector: { readonly matchLabels: Labels };
  readonly endpoints?: readonly { readonly port: string; readonly path: string }[];
  readonly podMetricsEndpoints?: readonly { readonly port: string; readonly path: string }[];
}

function monitors(manifests: readonly Manifest[], kind: string): Monitor[] {
  return ofKind(manifests, kind).map(({ spec }) => spec as Monitor);
}

describe('monitors', () => {
  it('find the Service for metrics and none for requests, by a port that it has', () => {
    const manifests = manifestsOf(scenarios.everything);
    const [monitor] = monitors(manifests, 'ServiceMonitor');
    const services = (ofKind(manifests, 'Service') as unknown as IService[]).filter(({ metadata }) =>
      picks(monitor?.selector.matchLabels ?? {}, metadata?.labels),
    );
    expect(services.map(({ metadata }) => metadata?.name)).toEqual(['ofa-ve-metrics']);
    expect(services[0]?.spec?.ports?.map(({ name }) => name)).toContain(monitor?.endpoints?.[0]?.port);
  });

  it('find the Service whatever common labels the tool that deploys gives every object', () => {
    const manifests = manifestsOf(scenarios.everything);
    const { selector } = monitors(manifests, 'ServiceMonitor')[0] ?? expect.fail();
    const { labels } = only(manifests, 'Service', 'ofa-ve-metrics').metadata;
    const common = Object.fromEntries(
      ['name', 'instance', 'component', 'part-of', 'managed-by'].map((each) => [`app.kubernetes.io/${each}`, 'other']),
    );
    expect(picks(selector.matchLabels, { ...labels, ...common })).toBe(true);
  });

  it('find the pods of their own workload, by a port that these have', () => {
    const manifests = manifestsOf(scenarios['multi-model']);
    for (const { selector, podMetricsEndpoints = [] } of monitors(manifests, 'PodMonitor')) {
      const pods = deployments(manifests).filter(({ spec }) =>
        picks(selector.matchLabels, spec?.template.metadata?.labels),
      );
      expect(pods).toHaveLength(1);
      const ports = pods.flatMap((pod) => serverOf(pod).ports ?? []).map(({ name }) => name);
      for (const { port } of podMetricsEndpoints) expect(ports).toContain(port);
    }
  });

  it('are not needed by a Prometheus that uses annotations', () => {
    const [deployment] = deployments(manifestsOf(scenarios.default));
    expect(deployment?.spec?.template.metadata?.annotations).toMatchObject({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '9090',
      'prometheus.io/path': '/metrics',
    });
    const [silent] = deployments(manifestsOf(scenarios.production));
    expect(silent?.spec?.template.metadata?.annotations).not.toHaveProperty('prometheus.io/scrape');
  });
});

describe('dashboard', () => {
  const modelOf = (name: ScenarioName, index = 0) => {
    const config = scenarios[name];
    return dashboardModel(contextOf(config.workloads[index] ?? expect.fail(), config));
  };

  it('is in a ConfigMap with the label that Grafana selects', () => {
    const { metadata, data } = only(
      manifestsOf(scenarios.default),
      'ConfigMap',
      'ofa-ve-dashboard',
    ) as unknown as IConfigMap;
    expect(metadata?.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(JSON.parse(data?.['ofa-ve.ofa-ve.json'] ?? '')).toEqual(modelOf('default'));
  });

  it.each(scenarioNames)(
    'is the only object of %s that Flux would substitute variables in, and tells it not to',
    (name) => {
      const withVariables = manifestsOf(scenarios[name]).filter((manifest) => JSON.stringify(manifest).includes('${'));
      const substituted = withVariables.filter(
        ({ metadata }) => metadata.annotations?.['kustomize.toolkit.fluxcd.io/substitute'] !== 'disabled',
      );
      expect(substituted.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
    },
  );

  it('has panels that do not overlap, each with its own id', () => {
    const { panels } = modelOf('everything');
    const places = panels.map(({ gridPos: { x, y } }) => `${x},${y}`);
    expect(places).toEqual([...new Set(places)]);
    expect(panels.map(({ id }) => id)).toEqual(panels.map((_panel, index) => index + 1));
  });

  it('is a file of its own in each namespace, as the sidecar writes those of all into one folder', () => {
    const files = ['ofa', 'ofa-ofa'].flatMap((name) =>
      manifestsOf(extend(scenarios['multi-model'], { namespace: { name } }))
        .filter(({ metadata }) => metadata.name.endsWith('-dashboard'))
        .flatMap(({ data }) => Object.keys(data as object)),
    );
    expect(new Set(files).size).toBe(4);
  });

  it('tells Grafana the interval of the scrapes, without which its windows could be too short for rates', () => {
    const config = withWorkload({ observability: { scrapeIntervalSeconds: 60 } });
    const context = contextOf(config.workloads[0] ?? expect.fail(), config);
    const targets = dashboardModel(context).panels.flatMap((panel) => panel.targets);
    expect(new Set(targets.map(({ interval }) => interval))).toEqual(new Set(['60s']));
  });

  it('has a stable and unique address', () => {
    expect(modelOf('default').uid).toBe(modelOf('everything').uid);
    expect(modelOf('multi-model', 1).uid).not.toBe(modelOf('multi-model', 0).uid);
  });

  it('has panels on GPUs only where there are some', () => {
    const gpuPanels = (name: ScenarioName) =>
      modelOf(name).panels.filter(({ title }) => title.startsWith('GPU')).length;
    expect([gpuPanels('default'), gpuPanels('demo')]).toEqual([2, 0]);
  });

  it('has only panels on common metrics for another server', () => {
    expect(modelOf('multi-model', 1).panels.map(({ title }) => title)).toEqual([
      'Requests',
      'Failed share',
      'Latency',
      'Accepted and unanswered items',
    ]);
  });
});

describe('alerts of another server', () => {
  it('leave out the metrics that only this service has', () => {
    const rule = only(manifestsOf(scenarios['multi-model']), 'PrometheusRule', 'qwen-vl');
    const { groups } = rule['spec'] as { groups: { rules: { alert?: string; expr: string }[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ alert }) => alert)).not.toContain('EngineRestarts');
    expect(rules.map(({ expr }) => expr).join()).not.toContain('ofa_ve_');
  });

  it('have none of the queue, and the dashboard no panel, where no gauge tells its length', () => {
    const shown = (config: DeploymentConfig) => {
      const context = contextOf(config.workloads[1] ?? expect.fail(), config);
      const alerts = ruleGroups(context).flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
      return [...alerts, ...dashboardModel(context).panels.map(({ title }) => title)];
    };
    const gauge = scenarios['multi-model'];
    const none = deepChange(gauge, 'workloads.1.server.metrics.load', []) as DeploymentConfig;
    const missing = shown(gauge).filter((each) => !shown(none).includes(each));
    expect(missing).toEqual(['QueueSaturated', 'Accepted and unanswered items']);
  });
});
