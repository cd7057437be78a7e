import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IService } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import type { AlbGroup, IstioDestination } from '../backends.ts';
import { deployments, manifestsOf, only, picks, podLabelSets, serverOf, type Labels } from '../manifests.ts';
import { scenarios, withWorkload, type ScenarioName } from '../scenarios.ts';

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
