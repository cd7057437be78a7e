import { config, extend, ofaLarge, type WorkloadConfig } from '../config.ts';

/** How vLLM's OpenAI-compatible server starts, where it listens, and the names of its metrics. */
const VLLM: WorkloadConfig['server'] = {
  kind: 'other',
  appName: 'vllm',
  command: [],
  args: ['--model=/models/2.5', '--served-model-name=qwen-vl', '--port=8000', '--max-num-seqs=64'],
  ports: { http: 8000, admin: 8000 },
  paths: { startup: '/health', live: '/health', ready: '/health', metrics: '/metrics' },
  metrics: {
    requests: 'http_requests_total',
    requestFilter: 'handler=~"/v1/.*"',
    owedFilter: 'status!="4xx"',
    errorFilter: 'status="5xx"',
    latency: 'vllm:e2e_request_latency_seconds',
    latencyFilter: '',
    latencyBucketsSeconds: [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60],
    always: 'vllm:num_requests_running',
    load: ['vllm:num_requests_waiting', 'vllm:num_requests_running'],
  },
  capacityItems: 256,
  startSeconds: 900,
  requestSeconds: 300,
  drainSeconds: 300,
  preStopCommand: ['sleep', '$SECONDS'],
};

/** Qwen-VL served by vLLM: another image with the same deployment, scaling, canary and alerts. */
const qwenVl: WorkloadConfig = extend(ofaLarge, {
  name: 'qwen-vl',
  image: { reference: 'registry.example.com/ai/vllm-openai:v0.11.0' },
  server: VLLM,
  pod: {
    env: {
      HF_HUB_OFFLINE: '1',
      VLLM_NO_USAGE_STATS: '1',
      XDG_CACHE_HOME: '/tmp/cache',
      VLLM_API_KEY: { kind: 'secret', name: 'qwen-vl-api-key', key: 'key' },
    },
    volumes: [{ kind: 'empty-dir', name: 'shm', mountPath: '/dev/shm', sizeLimit: '4Gi', inMemory: true }],
  },
  model: {
    source: {
      kind: 'claim',
      size: '40Gi',
      accessMode: 'ReadWriteMany',
      version: '2.5',
      loaderImage: 'registry.example.com/ai/qwen-vl-weights:2.5',
      loaderFolder: '/model',
    },
    needs: { weightsBytes: 17_000_000_000, activationBytesPerItem: 0, processBytes: 6_000_000_000 },
  },
  resources: {
    requests: { cpu: 4, memory: '28Gi', ephemeralStorage: '2Gi' },
    limits: { cpu: 8, memory: '32Gi', ephemeralStorage: '8Gi' },
  },
  probes: { startup: { budgetSeconds: 1200 } },
  exposure: { host: 'qwen-vl.example.com', readTimeoutSeconds: 360 },
  autoscaling: { maxReplicas: 4, targets: { loadItems: 24, requestsPerSecond: 0, cpuPercent: 0 } },
  observability: {
    alerts: { objectives: { availabilityPercent: 99, latencyPercent: 95, latencySeconds: 20 } },
  },
});

/** Two models in one namespace, each with its own address, scaling and alerts. */
export default extend(config, {
  workloads: [ofaLarge, qwenVl].map((workload) =>
    extend(workload, {
      observability: { scrapeAnnotations: false, monitor: 'PodMonitor', alerts: { enabled: true } },
    }),
  ),
});
