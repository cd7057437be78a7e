import {
  config,
  extend,
  ofaLarge,
  type Changes,
  type DeploymentConfig,
  type WorkloadConfig,
} from '../../infra/config.ts';
import { environmentOf } from '../../infra/environment.ts';

type Version = DeploymentConfig['kubernetesVersion'];

/** The default deployment with changes to its one workload. */
export function withWorkload(changes: Changes<WorkloadConfig>, kubernetesVersion: Version = '1.27'): DeploymentConfig {
  return extend(config, { kubernetesVersion, workloads: [extend(ofaLarge, changes)] });
}

const CANARY = { canary: { enabled: true } } as const;

const { nodeSelector, tolerations } = {
  nodeSelector: { 'nvidia.com/gpu.present': 'true' },
  tolerations: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' as const }],
};

/** Where a model comes from, if it is on a claim. */
export type ClaimSource = Extract<WorkloadConfig['model']['source'], { kind: 'claim' }>;

/** A claim of the cluster's storage class. */
export const UNNAMED_CLASS: ClaimSource = {
  kind: 'claim',
  size: '10Gi',
  accessMode: 'ReadWriteMany',
  version: '1.0',
  loaderImage: 'registry.example.com/ai/ofa-ve-package:1.0',
  loaderFolder: '/package',
};

/** One of a named class. */
export const CLAIM: ClaimSource = { ...UNNAMED_CLASS, storageClassName: 'shared' };

/** Rows of a volume, in eight shards. */
export const BACKFILL: WorkloadConfig['backfills'][number] = {
  name: 'archive',
  input: '/data/rows.csv',
  output: '/data/answers',
  texts: [],
  options: [],
  storage: { kind: 'claim', claimName: 'archive' },
  completions: 8,
  parallelism: 2,
  backoffLimitPerIndex: 3,
  ttlSecondsAfterFinished: 604_800,
  suspend: false,
};

/** Every optional part at once, on a new cluster. */
const everything = withWorkload(
  {
    image: { pullSecrets: ['registry'] },
    server: {
      kind: 'ofa-ve',
      settings: {
        MAX_BATCH: 16,
        LOG_LEVEL: 'debug',
        GPU_MEMORY_LIMIT_MB: 20_000,
        CORS_ORIGINS: 'https://a.example',
      },
      apiKeys: { secretName: 'ofa-ve-api-keys', key: 'keys' },
    },
    model: { source: CLAIM },
    scheduling: {
      nodeSelector: { 'node.example.com/pool': 'gpu' },
      tolerations: [{ key: 'pool', value: 'gpu', effect: 'NoExecute' }],
      runtimeClassName: 'nvidia',
      priorityClassName: 'serving',
    },
    exposure: { ingress: { tls: { enabled: true, clusterIssuer: 'letsencrypt' } } },
    networkPolicy: { outgoing: [{ namespace: 'proxy', podLabels: { app: 'proxy' }, port: 3128 }] },
    observability: {
      monitor: 'ServiceMonitor',
      alerts: { enabled: true },
      tracing: { enabled: true },
    },
    canary: {
      enabled: true,
      weightPercent: 25,
      model: { source: { ...CLAIM, version: '1.1' }, needs: ofaLarge.model.needs },
    },
  },
  '1.34',
);

const SMALL = { cpu: '50m', memory: '64Mi', ephemeralStorage: '64Mi' } as const;
/** Resources of a container that is added to a pod. */
export const RESOURCES = { requests: SMALL, limits: SMALL };

/** All that a configuration can add to a pod. */
const additions = {
  pod: {
    labels: { team: 'vision', 'azure.workload.identity/use': 'true' },
    annotations: { 'example.com/owner': 'vision@example.com' },
    env: {
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      EMPTY: '',
      PROXY_PASSWORD: { kind: 'secret', name: 'proxy', key: 'password' },
      REGION: { kind: 'config-map', name: 'cluster', key: 'region' },
    },
    volumes: [
      { kind: 'empty-dir', name: 'spool', sizeLimit: '0.5Gi', inMemory: false },
      { kind: 'secret', name: 'certificates', secretName: 'proxy-tls', mountPath: '/etc/proxy/tls' },
      { kind: 'config-map', name: 'proxy', configMapName: 'proxy' },
      { kind: 'claim', name: 'archive', claimName: 'archive', readOnly: true, mountPath: '/archive' },
      { kind: 'claim', name: 'results', claimName: 'results', readOnly: false, mountPath: '/results' },
    ],
    sidecars: [
      {
        name: 'proxy',
        image: 'registry.example.com/proxy:1.0',
        args: ['--config=/etc/proxy/proxy.yaml'],
        env: { PASSWORD: { kind: 'secret', name: 'proxy', key: 'password' } },
        resources: RESOURCES,
        mounts: [
          { volume: 'proxy', mountPath: '/etc/proxy' },
          { volume: 'spool', mountPath: '/spool' },
        ],
      },
    ],
    initContainers: [
      {
        name: 'wait',
        image: 'registry.example.com/wait:1.0',
        command: ['wait-for', 'proxy'],
        resources: RESOURCES,
        mounts: [{ volume: 'spool', mountPath: '/spool' }],
      },
    ],
  },
  serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/ofa-ve' } },
  networkPolicy: { outgoingNetworks: [{ network: '0.0.0.0/0', port: 443 }] },
} satisfies Changes<WorkloadConfig>;

/** Deployments that the tests look at, by name. Each has a snapshot of its manifests. */
export const scenarios = {
  default: config,
  demo: (await environmentOf('demo')).config,
  production: (await environmentOf('production')).config,
  'multi-model': (await environmentOf('multi-model')).config,
  kserve: (await environmentOf('kserve')).config,
  everything,
  additions: withWorkload({ ...additions, model: { source: CLAIM } }, '1.33'),
  'additions-before-sidecars': withWorkload({ ...additions, ...CANARY }, '1.28'),
  'canary-ingress': withWorkload(CANARY),
  'canary-alb': withWorkload({
    ...CANARY,
    exposure: { ingress: { controller: 'aws-alb', className: 'alb' } },
    networkPolicy: { clients: [], clientNetworks: ['10.0.0.0/16'] },
  }),
  'canary-gateway': withWorkload({
    ...CANARY,
    exposure: { route: 'gateway', gateway: { grpcHost: 'ofa-grpc.example.com' } },
    networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
  }),
  'canary-istio': withWorkload({
    ...CANARY,
    exposure: { route: 'istio' },
    networkPolicy: { clients: [{ namespace: 'istio-system', podLabels: {} }] },
  }),
  keda: withWorkload({
    autoscaling: { by: 'keda', adapter: { rules: false }, targets: { requestsPerSecond: 10, cpuPercent: 60 } },
  }),
  mig: withWorkload({ gpu: { kind: 'mig', profile: '1g.10gb', count: 1, nodeSelector, tolerations } }),
  'time-sliced': withWorkload({
    gpu: { kind: 'time-sliced', resourceName: 'nvidia.com/gpu.shared', nodeSelector, tolerations },
  }),
  dra: withWorkload(
    {
      gpu: {
        kind: 'dra',
        deviceClassName: 'gpu.nvidia.com',
        count: 1,
        selectors: [`device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("15Gi"))`],
        nodeSelector: {},
        tolerations,
      },
    },
    '1.34',
  ),
  'oci-volume': withWorkload(
    {
      model: {
        source: {
          kind: 'oci-volume',
          reference: 'registry.example.com/ai/ofa-ve-package:1.0',
          pullPolicy: 'IfNotPresent',
        },
      },
    },
    '1.35',
  ),
  'kserve-canary': withWorkload(
    {
      ...additions,
      kserve: { enabled: true },
      model: { source: CLAIM },
      replicas: 3,
      autoscaling: { by: 'none', adapter: { rules: false } },
      exposure: { route: 'gateway', gateway: { grpcHost: 'ofa-grpc.example.com' } },
      networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
      canary: { enabled: true, replicas: 2, weightPercent: 20 },
      backfills: [BACKFILL],
    },
    '1.33',
  ),
  'kserve-canary-untouched': withWorkload({
    kserve: { enabled: true },
    exposure: { route: 'none' },
    networkPolicy: { clients: [{ namespace: 'kserve', podLabels: {} }] },
    canary: { enabled: true, weightPercent: 0 },
  }),
  'backfill-claim': withWorkload({ backfills: [BACKFILL] }, '1.29'),
  'backfill-s3': withWorkload(
    {
      model: { source: CLAIM },
      backfills: [
        {
          ...BACKFILL,
          name: 'catalogue',
          input: 's3://shop/rows.parquet',
          images: 's3://shop/pictures',
          output: 's3://shop/answers',
          texts: ['The picture shows a shoe.', 'It costs $(PRICE).'],
          options: ['--column', 'image=photo'],
          storage: {
            kind: 's3',
            secretName: 'shop-bucket',
            endpoint: 'http://minio.storage:9000',
            region: 'eu-central-1',
          },
          priorityClassName: 'batch',
          suspend: true,
        },
        {
          ...BACKFILL,
          storage: { kind: 's3', region: 'eu-central-1' },
          input: 's3://a/b.csv',
          output: 's3://a/c',
          queueName: 'gpu-batch',
        },
      ],
    },
    '1.33',
  ),
} satisfies Record<string, DeploymentConfig>;

/** The name of a scenario. */
export type ScenarioName = keyof typeof scenarios;

/** All names, for tests of every scenario. */
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];
