import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IService } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { extend, type Changes, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { deployments, manifestsOf, ofKind, only, podOf, serverOf } from '../manifests.ts';
import { BACKFILL, scenarios, withWorkload } from '../scenarios.ts';

type Version = DeploymentConfig['kubernetesVersion'];

function podWith(changes: Changes<WorkloadConfig>, version?: Version) {
  return podOf(deployments(manifestsOf(withWorkload(changes, version)))[0] ?? expect.fail());
}

const AMOUNTS = { cpu: '50m', memory: '64Mi', ephemeralStorage: '64Mi' } as const;
const PROXY = { name: 'proxy', image: 'proxy:1.0', resources: { requests: AMOUNTS, limits: AMOUNTS } };

/** The container of a server of another kind, with a port of its own for metrics. */
function otherServer(changes: Changes<WorkloadConfig>) {
  const [ofa = expect.fail(), other = expect.fail()] = scenarios['multi-model'].workloads;
  if (other.server.kind !== 'other') expect.fail();
  const server = { ...other.server, ports: { http: 8000, admin: 9000 }, preStopCommand: ['wait', '$SECONDS-$SECONDS'] };
  const workloads = [ofa, extend(extend(other, { server }), changes)];
  const [, deployment = expect.fail()] = deployments(manifestsOf({ ...scenarios['multi-model'], workloads }));
  return serverOf(deployment);
}

describe('empty lists and maps, which the server drops', () => {
  /** Paths of what is empty in a value. */
  const emptyIn = (value: unknown, path: string): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    const entries = Object.entries(value);
    return entries.length === 0 ? [path] : entries.flatMap(([key, each]) => emptyIn(each, `${path}.${key}`));
  };
  const sparse = withWorkload(
    {
      gpu: {
        ...{ kind: 'dra', deviceClassName: 'gpu.nvidia.com', count: 1 },
        ...{ selectors: [], nodeSelector: {}, tolerations: [] },
      },
      scheduling: { architecture: 'amd64', spread: [] },
      pod: { sidecars: [{ ...PROXY, args: [], env: {}, mounts: [] }] },
      exposure: { ingress: { controller: 'other' } },
      networkPolicy: { clients: [{ namespace: 'edge', podLabels: {} }], scrapers: [], dns: [] },
      observability: { scrapeAnnotations: false, dashboard: { labels: {} } },
      autoscaling: { targets: { loadItems: 0, cpuPercent: 60 }, adapter: { rules: false } },
      backfills: [BACKFILL],
    },
    '1.34',
  );

  it.each([['a configuration in which all is empty', sparse], ...Object.entries(scenarios)])(
    'are not written for %s',
    (_name, config) => {
      const empty = manifestsOf(config).flatMap((manifest) => emptyIn(manifest, manifest.kind));
      // KServe is told by it that there is nothing to fetch.
      expect(empty.filter((path) => !/^InferenceService\..*\.(storage|resources)$/.test(path))).toEqual([]);
    },
  );

  it('are not written for a policy that lets nobody in or out', () => {
    const closed = withWorkload({
      exposure: { route: 'none' },
      networkPolicy: { clients: [], scrapers: [], dns: [] },
      autoscaling: { targets: { loadItems: 0, cpuPercent: 60 }, adapter: { rules: false } },
    });
    const { spec } = only(manifestsOf(closed), 'NetworkPolicy');
    expect(spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
    expect(emptyIn(spec, 'spec')).toEqual([]);
  });
});

describe('a pod', () => {
  it('orders its sidecars from the first version that can', () => {
    expect(podWith({ pod: { sidecars: [PROXY] } }, '1.29').initContainers?.map(({ name }) => name)).toEqual(['proxy']);
    expect(podWith({ pod: { sidecars: [PROXY] } }, '1.28').containers.map(({ name }) => name)).toContain('proxy');
  });

  it('may take all of its budget to start, if that is no multiple of the period', () => {
    const startup = { periodSeconds: 20, budgetSeconds: 661 };
    const [server = expect.fail()] = podWith({ probes: { startup } }).containers;
    expect(server.startupProbe).toMatchObject({ periodSeconds: 20, failureThreshold: 34 });
  });

  it('goes to the nodes of its schedule where those of its GPU are others', () => {
    const { nodeSelector } = podWith({ scheduling: { nodeSelector: { 'nvidia.com/gpu.present': 'mixed' } } });
    expect(nodeSelector).toMatchObject({ 'nvidia.com/gpu.present': 'mixed' });
  });
});

describe('a server of another kind', () => {
  it('waits before SIGTERM by its own command, in which the seconds stand as often as it likes', () => {
    expect(otherServer({ shutdown: { preStopSeconds: 7 } }).lifecycle?.preStop?.exec?.command).toEqual(['wait', '7-7']);
  });

  it('is probed on its port for requests, as its paths are', () => {
    const { startupProbe, livenessProbe, readinessProbe } = otherServer({});
    expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.port)).toEqual(
      Array.from({ length: 3 }, () => 'http'),
    );
  });

  it('has no variable twice, and its own in place of those of the deployment', () => {
    const { env = [] } = otherServer({ pod: { env: { HOME: '/home/other' } } });
    expect(env.filter(({ name }) => name === 'HOME')).toEqual([{ name: 'HOME', value: '/home/other' }]);
  });
});

it('scales by the CPU use that the configuration names', () => {
  const manifests = manifestsOf(withWorkload({ autoscaling: { targets: { cpuPercent: 73 } } }));
  const { spec } = only(manifests, 'HorizontalPodAutoscaler') as unknown as IHorizontalPodAutoscaler;
  expect(spec?.metrics?.map(({ resource }) => resource?.target.averageUtilization)).toEqual([undefined, 73]);
});

it('writes no policy for backfills either, where there is to be none', () => {
  const open = withWorkload({ networkPolicy: { enabled: false }, backfills: [BACKFILL] }, '1.29');
  expect(ofKind(manifestsOf(open), 'NetworkPolicy')).toEqual([]);
});

it.each(['PodMonitor', 'ServiceMonitor'] as const)('has a %s scrape as often as the configuration says', (monitor) => {
  const manifests = manifestsOf(withWorkload({ observability: { monitor, scrapeIntervalSeconds: 60 } }));
  const { endpoints, podMetricsEndpoints = endpoints } = only(manifests, monitor)['spec'] as Record<string, unknown>;
  expect(podMetricsEndpoints).toEqual([{ port: 'metrics', path: '/metrics', interval: '60s' }]);
});

it('scales by a metric whose name has no hyphens, and which the adapter offers', () => {
  const manifests = manifestsOf(withWorkload({ name: 'a-b-c' }));
  const { spec } = only(manifests, 'HorizontalPodAutoscaler') as unknown as IHorizontalPodAutoscaler;
  expect(spec?.metrics?.map(({ pods }) => pods?.metric.name)).toEqual(['a_b_c_load_items']);
  const { data } = only(manifests, 'ConfigMap', 'ofa-ve-adapter-rules') as unknown as { data: Record<string, string> };
  expect(data['config.yaml']).toContain('as: a_b_c_load_items\n');
});

it('asks for the rate of requests over four scrapes, if these take longer than a minute', () => {
  const windowOf = (scrapeIntervalSeconds: number) => {
    const autoscaling = {
      by: 'keda',
      adapter: { rules: false },
      targets: { loadItems: 0, requestsPerSecond: 1 },
    } as const;
    const manifests = manifestsOf(withWorkload({ autoscaling, observability: { scrapeIntervalSeconds } }));
    const { triggers } = only(manifests, 'ScaledObject')['spec'] as { triggers: { metadata: { query: string } }[] };
    return /\[(\w+)\]/.exec(triggers[0]?.metadata.query ?? '')?.[1];
  };
  expect([5, 15, 16, 75].map(windowOf)).toEqual(['60s', '60s', '64s', '300s']);
});

describe('alerts', () => {
  const alertsOf = (changes: Changes<WorkloadConfig>) => {
    const manifests = manifestsOf(withWorkload(extend(changes, { observability: { alerts: { enabled: true } } })));
    const { groups } = only(manifests, 'PrometheusRule')['spec'] as {
      groups: { rules: { alert?: string; expr: string }[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
  };

  it('are on a queue as full as the configuration says', () => {
    const alerts = alertsOf({ observability: { alerts: { queueFullPercent: 50 } } });
    expect(alerts.find(({ alert }) => alert === 'QueueSaturated')?.expr).toMatch(/ >= 32$/);
  });

  it('are on an unready canary, if it has a share of the requests', () => {
    const namesOf = (weightPercent: number) =>
      alertsOf({ canary: { enabled: true, weightPercent } }).map(({ alert }) => alert);
    expect(namesOf(1)).toContain('CanaryNotReady');
    expect(namesOf(0)).not.toContain('CanaryNotReady');
    expect(namesOf(0)).toContain('CanaryPending');
  });
});

it('publishes the stable version alone outside the cluster, and annotates both Services', () => {
  const annotations = { 'example.com/balancer': 'internal' };
  const config = withWorkload({
    canary: { enabled: true },
    exposure: { service: { type: 'LoadBalancer', annotations } },
    networkPolicy: { clientNetworks: ['10.0.0.0/8'] },
  });
  const services = ['ofa-ve', 'ofa-ve-canary'].map((name) => only(manifestsOf(config), 'Service', name));
  expect((services as unknown as IService[]).map(({ spec }) => spec?.type)).toEqual(['LoadBalancer', 'ClusterIP']);
  for (const { metadata } of services) expect(metadata.annotations).toEqual(annotations);
});
