import { describe, expect, it } from 'vitest';
import { config } from '../../../infra/config.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';
import { BACKFILL, CLAIM } from '../scenarios.ts';

type Changes = Readonly<Record<string, unknown>>;

/** What synth says about the default workload with some values; nothing if it is sound. */
function mistakes(changes: Changes): readonly string[] {
  const newer = deepChange(config, 'kubernetesVersion', '1.30');
  return mistakesOf(
    Object.entries(changes).reduce<unknown>(
      (whole, [path, value]) => deepChange(whole, `workloads.0.${path}`, value),
      newer,
    ),
  );
}

const KEDA = { 'autoscaling.by': 'keda', 'autoscaling.adapter.rules': false };
const ONE_ON_CPU = {
  gpu: { kind: 'none' },
  replicas: 1,
  'autoscaling.by': 'none',
  'resources.requests.memory': '8Gi',
  'resources.limits.memory': '10Gi',
  'model.source': { ...CLAIM, accessMode: 'ReadWriteOnce' },
};

/** A volume of a size, in memory or on disk, for the server and a sidecar that may take so much disk. */
function inVolume(sizeLimit: string, inMemory: boolean, ephemeralStorage: string): Changes {
  const limits = { cpu: 1, memory: '1Gi', ephemeralStorage };
  return {
    'pod.volumes': [{ kind: 'empty-dir', name: 'spool', mountPath: '/spool', sizeLimit, inMemory }],
    'pod.sidecars': [{ name: 'helper', image: 'helper:1', resources: { requests: limits, limits } }],
  };
}

const backfill = (changes: object): Changes => ({ backfills: [{ ...BACKFILL, ...changes }] });

/** The last value that each rule accepts, and the first that it refuses. */
const BOUNDS: readonly (readonly [name: string, last: Changes, first: Changes])[] = [
  ['a text of which the model sees something', backfill({ texts: [' ?'] }), backfill({ texts: ['? ', ' '] })],
  [
    'the index of a shard, which a Job leaves as it is, if there are no shards',
    { 'pod.env': { JOB_COMPLETION_INDEX: '0' } },
    { ...backfill({}), 'pod.env': { JOB_COMPLETION_INDEX: '0' } },
  ],
  ['memory that the model needs', { 'resources.requests.memory': '4165Mi' }, { 'resources.requests.memory': '4164Mi' }],
  [
    'memory for an engine on each device',
    { 'gpu.count': 2, 'resources.limits.memory': '8Gi', 'resources.requests.memory': '5660Mi' },
    { 'gpu.count': 2, 'resources.limits.memory': '8Gi', 'resources.requests.memory': '5659Mi' },
  ],
  ['a request of all its limit allows', { 'resources.requests.cpu': 4 }, { 'resources.requests.cpu': '4001m' }],
  [
    'a share of the pods that is one of them',
    { 'rollout.maxSurge': 1, 'rollout.maxUnavailable': '50%' },
    { 'rollout.maxSurge': 1, 'rollout.maxUnavailable': '49%' },
  ],
  ['a budget longer than the start', { 'probes.startup.budgetSeconds': 601 }, { 'probes.startup.budgetSeconds': 600 }],
  [
    'a shutdown as long as the longest request',
    {
      'exposure.readTimeoutSeconds': 121,
      'server.settings': { REQUEST_TIMEOUT_MS: 60_000, SHUTDOWN_TIMEOUT_MS: 126_000 },
    },
    {
      'exposure.readTimeoutSeconds': 121,
      'server.settings': { REQUEST_TIMEOUT_MS: 60_000, SHUTDOWN_TIMEOUT_MS: 125_999 },
    },
  ],
  [
    'an alert below the limit that it warns of',
    { 'server.settings.GPU_MEMORY_LIMIT_MB': 14 * 1024 + 1 },
    { 'server.settings.GPU_MEMORY_LIMIT_MB': 14 * 1024 },
  ],
  ['as many replicas at least as at most', { 'autoscaling.minReplicas': 6 }, { 'autoscaling.minReplicas': 7 }],
  [
    'a load that a pod can exceed by more than the autoscaler tolerates',
    { 'autoscaling.targets.loadItems': 58.181 },
    { 'autoscaling.targets.loadItems': 58.182 },
  ],
  [
    'a load that a pod can exceed by more than exactly a tenth',
    { 'server.settings.MAX_QUEUE': 88, 'autoscaling.targets.loadItems': 79.999 },
    { 'server.settings.MAX_QUEUE': 88, 'autoscaling.targets.loadItems': 80 },
  ],
  [
    'a rollout that ends the old pod before the new one mounts its claim',
    { ...ONE_ON_CPU, 'rollout.maxSurge': 1, 'rollout.maxUnavailable': 1 },
    { ...ONE_ON_CPU, 'rollout.maxSurge': 1, 'rollout.maxUnavailable': 0 },
  ],
  [
    'a volume in memory of all that the containers may have',
    inVolume('7Gi', true, '4Gi'),
    inVolume('7340033Ki', true, '4Gi'),
  ],
  [
    'a volume on disk of all that the containers may have',
    inVolume('5Gi', false, '1Gi'),
    inVolume('5242881Ki', false, '1Gi'),
  ],
  [
    'as few replicas to fall back to as there may be',
    { ...KEDA, 'autoscaling.keda.fallbackReplicas': 2 },
    { ...KEDA, 'autoscaling.keda.fallbackReplicas': 1 },
  ],
  [
    'as many replicas to fall back to as there may be',
    { ...KEDA, 'autoscaling.keda.fallbackReplicas': 6 },
    { ...KEDA, 'autoscaling.keda.fallbackReplicas': 7 },
  ],
  [
    'evictions of all pods but one',
    { 'autoscaling.minReplicas': 3, 'disruption.maxUnavailable': 2 },
    { 'autoscaling.minReplicas': 3, 'disruption.maxUnavailable': 3 },
  ],
  ['bodies as large as the service takes', { 'exposure.bodyLimitMb': 50 }, { 'exposure.bodyLimitMb': 49 }],
  [
    'reads that may take longer than a request',
    { 'exposure.readTimeoutSeconds': 61 },
    { 'exposure.readTimeoutSeconds': 60 },
  ],
  [
    'scrapes as rare as alerts allow',
    { 'observability.alerts.enabled': true, 'observability.scrapeIntervalSeconds': 75 },
    { 'observability.alerts.enabled': true, 'observability.scrapeIntervalSeconds': 76 },
  ],
  [
    'a backfill that runs all its shards at once',
    backfill({ completions: 2, parallelism: 2 }),
    backfill({ completions: 2, parallelism: 3 }),
  ],
  [
    'pods of a backfill whose host names have 63 characters',
    { name: 'a'.repeat(20), ...backfill({ name: 'b'.repeat(40), completions: 10 }) },
    { name: 'a'.repeat(20), ...backfill({ name: 'b'.repeat(40), completions: 11 }) },
  ],
];

describe('the bounds of fields that have to fit each other', () => {
  it.each(BOUNDS)('%s', (_name, last, first) => {
    expect(mistakes(last)).toEqual([]);
    expect(mistakes(first)).toHaveLength(1);
  });

  it('clients of a policy, which nobody outside needs without a route', () => {
    const blocked = { 'networkPolicy.clients': [] };
    expect(mistakes({ ...blocked, 'exposure.route': 'none' })).toEqual([]);
    expect(mistakes(blocked)).toHaveLength(1);
  });

  it('bodies and times of a route, if there is one', () => {
    const narrow = { 'exposure.bodyLimitMb': 10, 'exposure.readTimeoutSeconds': 10 };
    const unrouted = { ...narrow, 'exposure.route': 'none' };
    expect(mistakes(narrow)).toHaveLength(2);
    expect(mistakes(unrouted)).toEqual([]);
    const byKserve = { ...unrouted, 'kserve.enabled': true, 'networkPolicy.enabled': false };
    expect(mistakes(byKserve)).toEqual([expect.stringContaining('exposure.readTimeoutSeconds is 10')]);
  });

  it('scrapers of a policy, if there is one and Prometheus is used', () => {
    const unscraped = { 'networkPolicy.scrapers': [], 'observability.monitor': 'PodMonitor' };
    expect(mistakes({ ...unscraped, 'networkPolicy.enabled': false })).toEqual([]);
    expect(mistakes(unscraped)).toHaveLength(1);
    const onCpu = { 'autoscaling.targets': { loadItems: 0, requestsPerSecond: 0, cpuPercent: 60 } };
    expect(mistakes({ ...onCpu, 'networkPolicy.scrapers': [] })).toEqual([]);
    const alerted = { ...onCpu, 'observability.alerts.enabled': true, 'networkPolicy.scrapers': [] };
    expect(mistakes(alerted)).toHaveLength(1);
  });

  it('name servers of a policy, if pods connect to anything by its name', () => {
    const unresolved = { 'networkPolicy.dns': [] };
    const traced = (endpoint: string) => ({
      'observability.tracing.enabled': true,
      'observability.tracing.endpoint': endpoint,
    });
    expect(mistakes(unresolved)).toEqual([]);
    for (const endpoint of ['http://10.0.0.4:4318', 'http://[fd00::4]:4318', 'http://localhost:4318'])
      expect(mistakes({ ...unresolved, ...traced(endpoint) })).toEqual([]);
    const named = traced('http://collector.observability:4318');
    expect(mistakes({ ...unresolved, ...named, 'networkPolicy.enabled': false })).toEqual([]);
    expect(mistakes({ ...unresolved, ...named })).toEqual([
      "workloads[0].networkPolicy.dns is empty, so that no pod can look up http://collector.observability:4318 (observability.tracing); name the cluster's name servers.",
    ]);
    const stored = (storage: object) => backfill({ input: 's3://a/b', output: 's3://a/c', storage });
    const s3 = { kind: 's3', region: 'eu-central-1' };
    expect(mistakes({ ...unresolved, ...backfill({}) })).toEqual([]);
    expect(mistakes({ ...unresolved, ...stored({ ...s3, endpoint: 'http://10.0.0.4:9000' }) })).toEqual([]);
    expect(mistakes({ ...unresolved, ...stored({ ...s3, endpoint: 'http://me:secret@minio.storage:9000' }) })).toEqual([
      "workloads[0].networkPolicy.dns is empty, so that no pod can look up http://***@minio.storage:9000 (backfills[0].storage); name the cluster's name servers.",
    ]);
    expect(mistakes({ ...unresolved, ...stored(s3) })).toEqual([
      "workloads[0].networkPolicy.dns is empty, so that no pod can look up AWS's object store (backfills[0].storage); name the cluster's name servers.",
    ]);
  });

  it('scrapes, if an autoscaler goes by them', () => {
    const unscraped = { 'observability.scrapeAnnotations': false };
    expect(mistakes(unscraped)).toHaveLength(1);
    expect(mistakes({ ...unscraped, 'observability.monitor': 'PodMonitor' })).toEqual([]);
    expect(mistakes({ ...unscraped, 'autoscaling.by': 'none', replicas: 2 })).toEqual([]);
  });

  it('an issuer of certificates, if there is an Ingress', () => {
    const issuer = { 'exposure.ingress.tls.clusterIssuer': 'letsencrypt' };
    expect(mistakes({ ...issuer, 'exposure.ingress.tls.enabled': true })).toEqual([]);
    expect(mistakes({ ...issuer, 'exposure.route': 'none' })).toEqual([]);
  });

  it.each(['startup', 'liveness', 'readiness'])('the timeout of the %s probe, at most its period', (name) => {
    const period = { [`probes.${name}.periodSeconds`]: 8 };
    expect(mistakes({ ...period, [`probes.${name}.timeoutSeconds`]: 8 })).toEqual([]);
    expect(mistakes({ ...period, [`probes.${name}.timeoutSeconds`]: 9 })).toEqual([
      `workloads[0].probes.${name}.timeoutSeconds is 9, longer than its period of 8 s; use at most 8.`,
    ]);
  });
});
