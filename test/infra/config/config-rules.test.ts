import { describe, expect, it } from 'vitest';
import { config } from '../../../infra/config.ts';
import { environmentOf } from '../../../infra/environment.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';
import { CLAIM } from '../scenarios.ts';

const FIRST = 'workloads.0.';

const ON_CPU = { kind: 'none' };

/** Changes that are valid by themselves and do not fit each other. */
const FIELDS_TOGETHER: readonly (readonly [
  name: string,
  changes: readonly (readonly [string, unknown])[],
  sentence: string,
])[] = [
  [
    'memory below the model',
    [['resources.requests.memory', '2Gi']],
    'resources.requests.memory is 2Gi, but the model needs 4165Mi (model.needs); request at least that.',
  ],
  [
    'memory below the model with activations on the CPU',
    [
      ['gpu', ON_CPU],
      ['rollout.maxSurge', 0],
    ],
    'resources.requests.memory is 5.5Gi, but the model needs 7217Mi (model.needs); request at least that.',
  ],
  [
    'memory above its limit',
    [['resources.requests.memory', '7Gi']],
    'resources.requests.memory is 7Gi, above resources.limits.memory, which is 6Gi; a pod cannot request more than its limit.',
  ],
  [
    'processors above their limit',
    [['resources.requests.cpu', 5]],
    'resources.requests.cpu is 5, above resources.limits.cpu, which is 4; a pod cannot request more than its limit.',
  ],
  [
    'device claims on an old cluster',
    [
      [
        'gpu',
        {
          kind: 'dra',
          deviceClassName: 'gpu.nvidia.com',
          count: 1,
          selectors: [],
          nodeSelector: {},
          tolerations: [],
        },
      ],
    ],
    'gpu.kind is dra, which needs Kubernetes 1.34, but kubernetesVersion is 1.27; set it to 1.34 if all clusters have that or a later one, or use device, mig or time-sliced.',
  ],
  [
    'image volumes on an old cluster',
    [['model.source', { kind: 'oci-volume', reference: 'ofa:1', pullPolicy: 'Always' }]],
    'model.source.kind is oci-volume, which needs Kubernetes 1.33, but kubernetesVersion is 1.27; set it to 1.33 if all clusters have that or a later one, or use image or claim.',
  ],
  [
    'a volume that only one node can mount',
    [['model.source', { ...CLAIM, accessMode: 'ReadWriteOnce' }]],
    'model.source.accessMode is ReadWriteOnce, which only one node at a time can mount, but there may be 6 pods; use ReadWriteMany.',
  ],
  [
    'a rollout that cannot move',
    [['rollout.maxUnavailable', 0]],
    'rollout.maxUnavailable and rollout.maxSurge are both 0, so no pod could ever be replaced; set one of them to 1.',
  ],
  [
    'a rollout that waits for a GPU',
    [
      ['rollout.maxUnavailable', 0],
      ['rollout.maxSurge', 1],
    ],
    'rollout.maxUnavailable is 0, which is 0 of 2 pods: without a spare GPU a rollout would wait forever; set it to 1.',
  ],
  [
    'a rollout that waits for a GPU, as a quarter of two pods is none',
    [
      ['rollout.maxUnavailable', '25%'],
      ['rollout.maxSurge', '25%'],
    ],
    'rollout.maxUnavailable is 25%, which is 0 of 2 pods: without a spare GPU a rollout would wait forever; set it to 1.',
  ],
  [
    'a rollout whose new pod waits for the volume of the old one',
    [
      ['gpu', ON_CPU],
      ['replicas', 1],
      ['autoscaling.by', 'none'],
      ['rollout.maxUnavailable', 0],
      ['rollout.maxSurge', 1],
      ['model.source', { ...CLAIM, accessMode: 'ReadWriteOnce' }],
    ],
    'rollout.maxUnavailable is 0, which is 0 of 1 pods: a new pod on another node would wait forever for the model, as only the node of the old pod can mount a claim that is ReadWriteOnce; set it to 1.',
  ],
  [
    'a start limit longer than the startup probe',
    [['probes.startup.budgetSeconds', 600]],
    'probes.startup.budgetSeconds is 600, but the server takes up to 600 s to start; allow more than that.',
  ],
  [
    'a shutdown that cuts requests off',
    [['server.settings.REQUEST_TIMEOUT_MS', 60_000]],
    'server.settings.SHUTDOWN_TIMEOUT_MS is 70000, but DRAIN_DELAY_MS, twice REQUEST_TIMEOUT_MS and 1000 for the last answers make 126000; requests would be cut off.',
  ],
  [
    'a memory alert above the limit that replaces the engine',
    [['server.settings.GPU_MEMORY_LIMIT_MB', 8192]],
    'observability.alerts.gpuMemory is 14Gi, not below server.settings.GPU_MEMORY_LIMIT_MB, which is 8192 MiB; the engine would be replaced before the alert fires.',
  ],
  [
    'more minimum than maximum replicas',
    [['autoscaling.minReplicas', 7]],
    'autoscaling.minReplicas is 7, above autoscaling.maxReplicas, which is 6.',
  ],
  [
    'nothing to scale on',
    [['autoscaling.targets', { loadItems: 0, requestsPerSecond: 0, cpuPercent: 0 }]],
    'autoscaling.targets are all 0, so hpa has nothing to scale on; set loadItems.',
  ],
  [
    'a target that is never reached',
    [['autoscaling.targets.loadItems', 65]],
    'autoscaling.targets.loadItems is 65, but a pod accepts at most 64 items, and the autoscaler tolerates a tenth above the target; use at most 58.181, or no pod is ever added.',
  ],
  [
    'adapter rules that KEDA does not use',
    [['autoscaling.by', 'keda']],
    'autoscaling.adapter.rules is true, but autoscaling.by is keda, which reads Prometheus itself; set it to false.',
  ],
  [
    'a fallback out of bounds',
    [
      ['autoscaling.by', 'keda'],
      ['autoscaling.adapter.rules', false],
      ['autoscaling.keda.fallbackReplicas', 9],
    ],
    'autoscaling.keda.fallbackReplicas is 9, outside 2 to 6 replicas.',
  ],
  [
    'an eviction of all pods',
    [['disruption.maxUnavailable', 2]],
    'disruption.maxUnavailable is 2, but there may be only 2 pods, which a node drain could then evict at once; use at most 1.',
  ],
  [
    'a body limit of the route below that of the service',
    [['exposure.bodyLimitMb', 10]],
    "exposure.bodyLimitMb is 10, below the service's MAX_BODY_MB, which is 50; clients would get the controller's error page.",
  ],
  [
    'one port of the Service for both protocols',
    [['exposure.service.port', 8001]],
    'exposure.service.grpcPort is 8001, which is exposure.service.port, too; use another.',
  ],
  [
    'an issuer of certificates without HTTPS',
    [['exposure.ingress.tls.clusterIssuer', 'letsencrypt']],
    'exposure.ingress.tls.clusterIssuer is letsencrypt, but exposure.ingress.tls.enabled is false, so that there is no HTTPS; set it to true, or leave the issuer out.',
  ],
  [
    'a timeout of the route below that of the service',
    [['exposure.readTimeoutSeconds', 60]],
    'exposure.readTimeoutSeconds is 60, but a request may take 60 s; allow more than that.',
  ],
  [
    'a canary without a route',
    [
      ['canary.enabled', true],
      ['exposure.route', 'none'],
    ],
    'canary.enabled is true, but exposure.route is none, and a Service cannot divide traffic by weight; use ingress, gateway or istio.',
  ],
  [
    'a canary with a controller without weights',
    [
      ['canary.enabled', true],
      ['exposure.ingress.controller', 'traefik'],
    ],
    'canary.enabled is true, but traefik has no annotations for weights; use exposure.route gateway or istio, or the controller ingress-nginx or aws-alb.',
  ],
  [
    'a canary that is the stable version',
    [
      ['canary.enabled', true],
      ['canary.image.reference', 'registry.example.com/ai/ofa-ve-large:1.0'],
    ],
    'canary.image.reference is registry.example.com/ai/ofa-ve-large:1.0, the image of the stable version; name the new one.',
  ],
  [
    'a controller whose Ingress has the class of another',
    [
      ['exposure.ingress.controller', 'traefik'],
      ['networkPolicy.enabled', false],
    ],
    'exposure.ingress.className is nginx, but exposure.ingress.controller is traefik; name the IngressClass of that controller.',
  ],
  [
    'alerts without scraped metrics',
    [
      ['observability.alerts.enabled', true],
      ['observability.scrapeAnnotations', false],
    ],
    'observability.alerts.enabled is true, but nothing scrapes the metrics; set observability.monitor or scrapeAnnotations.',
  ],
  [
    'scaling without scraped metrics',
    [
      ['observability.scrapeAnnotations', false],
      ['autoscaling.targets', { loadItems: 0, requestsPerSecond: 10, cpuPercent: 60 }],
    ],
    'autoscaling.targets.requestsPerSecond is 10, but nothing scrapes the metrics; set observability.monitor or scrapeAnnotations.',
  ],
  [
    'a network policy that blocks Prometheus',
    [
      ['observability.monitor', 'PodMonitor'],
      ['networkPolicy.scrapers', []],
    ],
    'networkPolicy.scrapers is empty, which blocks Prometheus although its metrics are used; name its namespace.',
  ],
  [
    'a network policy that blocks the Prometheus by which an autoscaler goes',
    [['networkPolicy.scrapers', []]],
    'networkPolicy.scrapers is empty, which blocks Prometheus although its metrics are used; name its namespace.',
  ],
  [
    'a network policy that blocks the controller',
    [['networkPolicy.clients', []]],
    'networkPolicy.clients is empty, which blocks the ingress; name its namespace.',
  ],
  [
    'a network policy that blocks a load balancer',
    [['exposure.service.type', 'LoadBalancer']],
    'networkPolicy.clientNetworks is empty, but a Service of the type LoadBalancer sends from addresses outside the cluster; name the networks.',
  ],
  [
    'a network policy that blocks a controller outside the cluster',
    [['exposure.ingress.controller', 'aws-alb']],
    'networkPolicy.clientNetworks is empty, but the controller aws-alb sends from addresses outside the cluster; name the networks.',
  ],
  [
    'a network policy that blocks the gateway',
    [['exposure.route', 'gateway']],
    'networkPolicy.clients allows ingress-nginx alone, but requests come through gateway; name the namespace of its pods.',
  ],
];

describe('fields that do not fit each other', () => {
  it.each(FIELDS_TOGETHER)('%s', (_name, changes, sentence) => {
    const wrong = changes.reduce<unknown>((whole, [path, value]) => deepChange(whole, FIRST + path, value), config);
    expect(mistakesOf(wrong)).toContain(`workloads[0].${sentence}`);
  });

  it('labels of a Namespace that is not part of the manifests', () => {
    const namespace = { ...config.namespace, labels: { team: 'vision' } };
    expect(mistakesOf({ ...config, namespace })).toEqual([]);
    expect(mistakesOf({ ...config, namespace: { ...namespace, create: false } })).toEqual([
      'namespace.labels is set, but namespace.create is false, so that no manifest has them; label the Namespace where it is created.',
    ]);
  });

  it('a server of another kind whose shutdown is shorter than its requests', async () => {
    const environment = (await environmentOf('multi-model')).config;
    expect(mistakesOf(deepChange(environment, 'workloads.1.server.drainSeconds', 60))).toEqual([
      'workloads[1].server.drainSeconds is 60, shorter than the longest request of 300 s; requests would be cut off.',
    ]);
  });

  it('a server of another kind that is scaled by a load it does not measure', async () => {
    const environment = (await environmentOf('multi-model')).config;
    expect(mistakesOf(deepChange(environment, 'workloads.1.server.metrics.load', []))).toEqual([
      'workloads[1].autoscaling.targets.loadItems is set, but server.metrics.load names no gauge; name one or set it to 0.',
    ]);
  });
});
