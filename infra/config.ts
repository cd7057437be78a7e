import { extend } from './config/extend.ts';
import type { DeploymentConfig, ModelConfig, WorkloadConfig } from './config/schema.ts';
import type { Customize } from './customize.ts';

export { extend } from './config/extend.ts';
export type { Changes } from './config/extend.ts';
export type { Customize } from './customize.ts';
export type { DeploymentConfig, WorkloadConfig } from './config/schema.ts';

/**
 * Memory that the models need: that of the package in any precision (OFA-large has 0.47 G parameters and, folded into
 * each of 12 layers, a position bias of 16 x 984 x 984), and that of the processes: Node, ONNX Runtime and, with a GPU,
 * CUDA's libraries and host buffers. For your own package, copy `memory` from its manifest.
 */
const MODEL_NEEDS = {
  ofaLarge: {
    weightsBytes: 2_800_000_000,
    activationBytesPerItem: 400_000_000,
    processBytes: 1_500_000_000,
  },
  demo: { weightsBytes: 60_000_000, activationBytesPerItem: 20_000_000, processBytes: 400_000_000 },
} as const satisfies Record<string, ModelConfig['needs']>;

/**
 * OFA-large on whole NVIDIA GPUs: the workload to start from. The editor shows the meaning of each field, which is
 * documented in infra/config/.
 */
export const ofaLarge: WorkloadConfig = {
  name: 'ofa-ve',
  image: {
    reference: 'registry.example.com/ai/ofa-ve-large:1.0',
    pullPolicy: 'IfNotPresent',
    pullSecrets: [],
  },
  server: { kind: 'ofa-ve', settings: {} },
  model: { source: { kind: 'image' }, needs: MODEL_NEEDS.ofaLarge },
  gpu: {
    kind: 'device',
    resourceName: 'nvidia.com/gpu',
    count: 1,
    nodeSelector: { 'nvidia.com/gpu.present': 'true' },
    tolerations: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }],
  },
  resources: {
    requests: { cpu: 2, memory: '5.5Gi', ephemeralStorage: '1Gi' },
    limits: { cpu: 4, memory: '6Gi', ephemeralStorage: '4Gi' },
  },
  probes: {
    // The service allows its engine 600 s to start: at first, CUDA searches kernels for every batch shape.
    startup: { periodSeconds: 5, timeoutSeconds: 3, budgetSeconds: 660 },
    liveness: { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    readiness: { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
  },
  shutdown: { preStopSeconds: 5, marginSeconds: 5 },
  rollout: {
    // A surge pod would wait for a GPU that the old pods occupy, so replace in place.
    maxSurge: 0,
    maxUnavailable: 1,
    minReadySeconds: 10,
    imagePullSeconds: 900,
    revisionHistoryLimit: 5,
  },
  scheduling: {
    // The cuda image exists for amd64 alone.
    architecture: 'amd64',
    nodeSelector: {},
    tolerations: [],
    spread: [
      { topologyKey: 'kubernetes.io/hostname', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
      { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
    ],
  },
  security: { userId: 10_001, readOnlyRootFilesystem: true },
  pod: { labels: {}, annotations: {}, env: {}, volumes: [], sidecars: [], initContainers: [] },
  serviceAccount: { annotations: {} },
  exposure: {
    service: { type: 'ClusterIP', port: 80, grpcPort: 8001, annotations: {} },
    route: 'ingress',
    host: 'ofa-api.example.com',
    path: '/',
    bodyLimitMb: 50,
    trustedProxies: [],
    readTimeoutSeconds: 120,
    ingress: {
      controller: 'ingress-nginx',
      className: 'nginx',
      annotations: {},
      tls: { enabled: false, secretName: 'ofa-api-tls' },
    },
    gateway: { name: 'public', namespace: 'gateway-system' },
    istio: { gateways: ['istio-system/public'] },
  },
  kserve: { enabled: false },
  autoscaling: {
    by: 'hpa',
    minReplicas: 2,
    maxReplicas: 6,
    // Eight items are one full batch per pod.
    targets: { loadItems: 8, requestsPerSecond: 0, cpuPercent: 0 },
    // A GPU pod takes minutes to start: add pods at once, but few at a time, and keep them through a short lull.
    scaleUp: { pods: 2, periodSeconds: 60, stabilizationSeconds: 0 },
    scaleDown: { pods: 1, periodSeconds: 180, stabilizationSeconds: 600 },
    adapter: { rules: true },
    keda: { prometheusUrl: 'http://prometheus.monitoring:9090', pollingSeconds: 15, fallbackReplicas: 3 },
  },
  disruption: { enabled: true, maxUnavailable: 1 },
  networkPolicy: {
    enabled: true,
    clients: [{ namespace: 'ingress-nginx', podLabels: {} }],
    clientNetworks: [],
    scrapers: [{ namespace: 'monitoring', podLabels: {} }],
    dns: [{ namespace: 'kube-system', podLabels: { 'k8s-app': 'kube-dns' } }],
    outgoing: [],
    outgoingNetworks: [],
  },
  observability: {
    scrapeAnnotations: true,
    monitor: 'none',
    monitorLabels: { release: 'prometheus' },
    scrapeIntervalSeconds: 15,
    alerts: {
      enabled: false,
      labels: { release: 'prometheus' },
      runbookUrl: 'https://git.example.com/ai/ofa-ve/docs/runbook.md',
      objectives: { availabilityPercent: 99.5, latencyPercent: 99, latencySeconds: 2.5 },
      queueFullPercent: 80,
      engineRestarts: 3,
      gpuMemory: '14Gi',
    },
    dashboard: { enabled: true, labels: { grafana_dashboard: '1' } },
    tracing: {
      enabled: false,
      endpoint: 'http://otel-collector.observability:4318',
      collector: { namespace: 'observability', podLabels: {} },
    },
  },
  canary: {
    enabled: false,
    image: { reference: 'registry.example.com/ai/ofa-ve-large:1.1' },
    weightPercent: 10,
    replicas: 1,
  },
  backfills: [],
};

/**
 * The deployment: edit this, or keep your changes separate in `infra/environments/<name>.ts` and synthesize with
 * `npx ofa-ve synth --environment <name>`, which stops at wrong values with a sentence for each.
 */
export const config: DeploymentConfig = {
  kubernetesVersion: '1.27',
  namespace: { name: 'ofa-ve', create: true, podSecurity: 'restricted', labels: {} },
  workloads: [ofaLarge],
};

/**
 * Changes to the finished objects, for what the configuration has no field for; see "What the configuration has no
 * field for" in docs/deploy.md. A file of `infra/environments` may export its own.
 */
export const customize: Customize = {};

/**
 * The demo model on a CPU, without CRDs, ingress controller and metrics: what kind and minikube can run.
 */
export const demoModel: WorkloadConfig = extend(ofaLarge, {
  image: { reference: 'localhost/ofa-ve:demo', pullPolicy: 'Never' },
  model: { needs: MODEL_NEEDS.demo },
  replicas: 1,
  gpu: { kind: 'none' },
  resources: {
    requests: { cpu: '250m', memory: '704Mi', ephemeralStorage: '100Mi' },
    limits: { cpu: 1, memory: '1536Mi', ephemeralStorage: '1Gi' },
  },
  probes: { startup: { periodSeconds: 2, timeoutSeconds: 2 } },
  rollout: { maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0 },
  // kind and minikube run the image that the same machine has built.
  scheduling: { architecture: 'any', spread: [] },
  exposure: { route: 'none' },
  autoscaling: { by: 'none', adapter: { rules: false } },
  disruption: { enabled: false },
  networkPolicy: { enabled: false },
  observability: { dashboard: { enabled: false } },
});
