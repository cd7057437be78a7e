import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IService } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import {
  deployments,
  manifestsOf,
  ofKind,
  only,
  podOf,
  serverOf,
  picks,
  type Labels,
  type Manifest,
} from '../manifests.ts';
import { scenarios, withWorkload, type ScenarioName } from '../scenarios.ts';

function podLabelSets(manifests: readonly Manifest[]): Labels[] {
  return deployments(manifests).map((one) => one.spec?.template.metadata?.labels ?? {});
}

function services(manifests: readonly Manifest[]): IService[] {
  return ofKind(manifests, 'Service') as unknown as IService[];
}

/** Numbers and names by which a pod's port can be addressed. */
function containerPorts(manifests: readonly Manifest[], selector: Labels): (number | string)[] {
  return deployments(manifests)
    .filter((one) => picks(selector, one.spec?.template.metadata?.labels ?? {}))
    .flatMap((one) => serverOf(one).ports ?? [])
    .flatMap(({ name, containerPort }) => [name ?? '', containerPort]);
}

/** Service and port of every backend of a route, whatever its kind. */
function backends(manifests: readonly Manifest[]): { name: string; port: number | string }[] {
  const ingresses = (ofKind(manifests, 'Ingress') as unknown as IIngress[])
    .flatMap(({ spec }) => spec?.rules ?? [])
    .flatMap(({ http }) => http?.paths ?? [])
    .flatMap(({ backend }) => backend.service ?? [])
    .filter(({ port }) => port?.name !== 'use-annotation')
    .map(({ name, port }) => ({ name, port: port?.name ?? port?.number ?? '' }));
  const actions = ofKind(manifests, 'Ingress')
    .flatMap(({ metadata }) => Object.entries(metadata.annotations ?? {}))
    .filter(([name]) => name.startsWith('alb.ingress.kubernetes.io/actions.'))
    .map(([, value]) => JSON.parse(value) as { forwardConfig: { targetGroups: AlbGroup[] } })
    .flatMap(({ forwardConfig }) => forwardConfig.targetGroups)
    .map(({ serviceName, servicePort }) => ({ name: serviceName, port: servicePort }));
  const routes = [...ofKind(manifests, 'HTTPRoute'), ...ofKind(manifests, 'GRPCRoute')]
    .map(({ spec }) => spec as { rules: { backendRefs: { name: string; port: number }[] }[] })
    .flatMap(({ rules }) => rules.flatMap(({ backendRefs }) => backendRefs));
  const virtual = ofKind(manifests, 'VirtualService')
    .map(({ spec }) => spec as { http: { route: { destination: IstioDestination }[] }[] })
    .flatMap(({ http }) => http.flatMap(({ route }) => route))
    .map(({ destination }) => ({
      name: destination.host.split('.')[0] ?? '',
      port: destination.port.number,
    }));
  return [...ingresses, ...actions, ...routes, ...virtual];
}

interface AlbGroup {
  readonly serviceName: string;
  readonly servicePort: number;
  readonly weight: number;
}

interface IstioDestination {
  readonly host: string;
  readonly subset: string;
  readonly port: { readonly number: number };
}

describe.each(Object.entries(scenarios))('%s', (_name, config) => {
  const manifests = manifestsOf(config);

  it('has no two objects of one kind and name', () => {
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });

  it('puts every object into the namespace, which comes first', () => {
    const [first, ...others] = manifests;
    expect(first?.kind).toBe('Namespace');
    // A PriorityClass has none.
    const rest = others.filter(({ kind }) => kind !== 'PriorityClass');
    expect(new Set(rest.map(({ metadata }) => metadata.namespace))).toEqual(new Set([config.namespace.name]));
  });

  it('gives every object the recommended labels', () => {
    for (const { metadata, kind } of manifests) {
      expect(metadata.labels, kind).toMatchObject({
        'app.kubernetes.io/part-of': config.namespace.name,
        'app.kubernetes.io/managed-by': 'cdk8s',
      });
    }
  });

  it('has Deployments that select their own pods only', () => {
    const labelSets = podLabelSets(manifests);
    for (const [index, deployment] of deployments(manifests).entries()) {
      const selector = deployment.spec?.selector.matchLabels ?? {};
      expect(labelSets.map((labels) => picks(selector, labels))).toEqual(
        labelSets.map((_labels, other) => other === index),
      );
    }
  });

  it('has Services that select pods of one workload and target a port of theirs', () => {
    for (const { metadata, spec } of services(manifests)) {
      const selected = podLabelSets(manifests).filter((labels) => picks(spec?.selector ?? {}, labels));
      const workloads = new Set(selected.map((labels) => labels['app.kubernetes.io/instance']));
      expect(workloads.size, metadata?.name).toBe(1);
      for (const { targetPort } of spec?.ports ?? [])
        expect(containerPorts(manifests, spec?.selector ?? {})).toContain(targetPort);
    }
  });

  it('routes to Services and ports that exist, and never to the metrics', () => {
    const routed = config.workloads.filter(({ exposure }) => exposure.route !== 'none');
    const served = new Set(backends(manifests).map(({ name }) => name.replace(/-canary$/, '')));
    expect([...served].sort()).toEqual(routed.map(({ name }) => name).sort());
    for (const { name, port } of backends(manifests)) {
      const service = only(manifests, 'Service', name) as unknown as IService;
      expect((service.spec?.ports ?? []).flatMap((one) => [one.name, one.port])).toContain(port);
      expect(name).not.toMatch(/-metrics$/);
    }
  });

  it('probes ports that the container has', () => {
    for (const deployment of deployments(manifests)) {
      const { startupProbe, livenessProbe, readinessProbe, ports = [] } = serverOf(deployment);
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        expect(ports.map(({ name }) => name)).toContain(probe?.httpGet?.port);
    }
  });

  it('sets replicas only without autoscaling', () => {
    const scaled = [...ofKind(manifests, 'HorizontalPodAutoscaler'), ...ofKind(manifests, 'ScaledObject')].map(
      ({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name,
    );
    expect(scaled).toEqual([...new Set(scaled)]);
    for (const { metadata, spec } of deployments(manifests))
      expect(spec?.replicas === undefined, metadata?.name).toBe(scaled.includes(metadata?.name ?? ''));
  });

  it('protects the stable pods from drains, but not broken ones', () => {
    const budgets = ofKind(manifests, 'PodDisruptionBudget') as unknown as IPodDisruptionBudget[];
    expect(budgets).toHaveLength(config.workloads.filter(({ disruption }) => disruption.enabled).length);
    for (const { spec } of budgets) {
      const selected = podLabelSets(manifests).filter((one) => picks(spec?.selector?.matchLabels ?? {}, one));
      expect(selected.map((labels) => labels['track'])).toEqual(['stable']);
      expect(spec?.unhealthyPodEvictionPolicy).toBe('AlwaysAllow');
    }
  });

  it('mounts every volume, and only volumes that exist', () => {
    for (const deployment of deployments(manifests)) {
      const { volumes = [], containers, initContainers = [] } = podOf(deployment);
      const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) => volumeMounts);
      expect(new Set(mounted.map(({ name }) => name))).toEqual(new Set(volumes.map(({ name }) => name)));
    }
  });
});

describe('network policy', () => {
  const policyOf = (name: ScenarioName) =>
    only(manifestsOf(scenarios[name]), 'NetworkPolicy') as unknown as INetworkPolicy;

  it('opens the port for requests to the controller and the metrics to Prometheus alone', () => {
    expect(policyOf('default').spec?.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
        ports: [
          { port: 'http', protocol: 'TCP' },
          { port: 'grpc', protocol: 'TCP' },
        ],
      },
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ port: 'metrics', protocol: 'TCP' }],
      },
    ]);
  });

  it('allows DNS, and traces if they are enabled', () => {
    const ports = (name: ScenarioName) =>
      policyOf(name).spec?.egress?.map((rule) => rule.ports?.map(({ port }) => port));
    expect(ports('default')).toEqual([[53, 53]]);
    expect(ports('production')).toEqual([[53, 53], [4318]]);
    expect(ports('everything')).toEqual([[53, 53], [3128], [4318]]);
  });

  it('allows DNS on the port of the pods, as policies do not see that of their Service', () => {
    const dns = [
      { namespace: 'openshift-dns', podLabels: {}, port: 5353 },
      { namespace: 'kube-system', podLabels: {} },
    ];
    const { spec } = only(
      manifestsOf(withWorkload({ networkPolicy: { dns } })),
      'NetworkPolicy',
    ) as unknown as INetworkPolicy;
    const to = (namespace: string) => [
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    ];
    const ports = (port: number) => ['UDP', 'TCP'].map((protocol) => ({ port, protocol }));
    expect(spec?.egress).toEqual([
      { to: to('openshift-dns'), ports: ports(5353) },
      { to: to('kube-system'), ports: ports(53) },
    ]);
  });

  it.each(['http://collector.observability:80', 'http://[fd00::4]:80'])('allows the port of %s', (endpoint) => {
    const config = withWorkload({ observability: { tracing: { enabled: true, endpoint } } });
    const { spec } = only(manifestsOf(config), 'NetworkPolicy') as unknown as INetworkPolicy;
    expect(spec?.egress?.at(-1)?.ports).toEqual([{ port: 80, protocol: 'TCP' }]);
  });
});

describe('canary', () => {
  const weights = (name: ScenarioName) => {
    const manifests = manifestsOf(scenarios[name]);
    switch (name) {
      case 'canary-ingress':
        return only(manifests, 'Ingress', 'ofa-ve-canary').metadata.annotations?.[
          'nginx.ingress.kubernetes.io/canary-weight'
        ];
      case 'canary-alb': {
        const { annotations = {} } = only(manifests, 'Ingress').metadata;
        const action = JSON.parse(annotations['alb.ingress.kubernetes.io/actions.weighted'] ?? '') as {
          forwardConfig: { targetGroups: AlbGroup[] };
        };
        return action.forwardConfig.targetGroups.map(({ serviceName, weight }) => [serviceName, weight]);
      }
      case 'canary-gateway': {
        const { rules } = only(manifests, 'HTTPRoute')['spec'] as {
          rules: { backendRefs: { name: string; weight: number }[] }[];
        };
        return rules[0]?.backendRefs.map(({ name: service, weight }) => [service, weight]);
      }
      default: {
        const { http } = only(manifests, 'VirtualService')['spec'] as {
          http: { route: { weight: number; destination: IstioDestination }[] }[];
        };
        return http.at(-1)?.route.map(({ weight, destination }) => [destination.subset, weight]);
      }
    }
  };

  it('gets ten percent by the annotation of ingress-nginx', () => {
    expect(weights('canary-ingress')).toBe('10');
  });

  it('has an Ingress that asks cert-manager for nothing, as that of the stable version does', () => {
    const asking = { 'cert-manager.io/issuer': 'ca', 'acme.cert-manager.io/http01-edit-in-place': 'true' };
    const other = { 'example.com/owner': 'vision' };
    const ingress = { tls: { enabled: true }, annotations: { ...asking, ...other } };
    const manifests = manifestsOf(withWorkload({ canary: { enabled: true }, exposure: { ingress } }));
    expect(only(manifests, 'Ingress', 'ofa-ve').metadata.annotations).toMatchObject({ ...asking, ...other });
    const { annotations = {} } = only(manifests, 'Ingress', 'ofa-ve-canary').metadata;
    expect(annotations).toMatchObject(other);
    expect(Object.keys(annotations).filter((name) => name.includes('cert-manager.io/'))).toEqual([]);
  });

  it('gets ten percent by a weighted action of the AWS controller', () => {
    expect(weights('canary-alb')).toEqual([
      ['ofa-ve', 90],
      ['ofa-ve-canary', 10],
    ]);
  });

  it('gets ten percent by the weights of an HTTPRoute', () => {
    expect(weights('canary-gateway')).toEqual([
      ['ofa-ve', 90],
      ['ofa-ve-canary', 10],
    ]);
  });

  it('gets ten percent by the subsets of Istio, which divide the pods of one Service', () => {
    expect(weights('canary-istio')).toEqual([
      ['stable', 90],
      ['canary', 10],
    ]);
    const manifests = manifestsOf(scenarios['canary-istio']);
    const { subsets } = only(manifests, 'DestinationRule')['spec'] as { subsets: { labels: Labels }[] };
    const { spec } = only(manifests, 'Service', 'ofa-ve') as unknown as IService;
    for (const { labels } of subsets) {
      const found = podLabelSets(manifests).filter((pod) => picks({ ...spec?.selector, ...labels }, pod));
      expect(found).toHaveLength(1);
    }
  });

  it('runs its own image with a fixed number of pods', () => {
    const manifests = manifestsOf(scenarios['canary-gateway']);
    const canary = deployments(manifests).find(({ metadata }) => metadata?.name === 'ofa-ve-canary');
    expect(serverOf(canary ?? expect.fail()).image).toBe('registry.example.com/ai/ofa-ve-large:1.1');
    expect(canary?.spec?.replicas).toBe(1);
  });
});
