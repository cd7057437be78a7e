import type { IJob } from 'kubernetes-models/batch/v1';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { config, extend, ofaLarge, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { environmentOf } from '../../../infra/environment.ts';
import type { BATCH_SETTINGS } from '../../../infra/config/pod-settings.ts';
import type { ModelSettings } from '../../../service/inference/open-engines.ts';
import { readSettings } from '../../../service/settings/read.ts';
import { manifestsOf, ofKind, only, picks, podOf, deployments, type Labels, type Manifest } from '../manifests.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';
import { BACKFILL, scenarios, withWorkload } from '../scenarios.ts';

type Backfill = WorkloadConfig['backfills'][number];

function jobOf(manifests: readonly Manifest[], name: string) {
  const { metadata, spec } = only(manifests, 'Job', name) as unknown as IJob;
  const pod = spec?.template.spec ?? expect.fail();
  const container = pod.containers[0] ?? expect.fail();
  return { metadata, spec: spec ?? expect.fail(), pod, container };
}

const [onClaim, onS3] = [manifestsOf(scenarios['backfill-claim']), manifestsOf(scenarios['backfill-s3'])];

describe('a backfill', () => {
  it('is a Job with an index for each shard, which retries each by itself', () => {
    const { spec, container } = jobOf(onClaim, 'ofa-ve-archive');
    expect(spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 8,
      parallelism: 2,
      backoffLimitPerIndex: 3,
      ttlSecondsAfterFinished: 604_800,
    });
    expect(spec).not.toHaveProperty('suspend');
    expect(container.args?.slice(0, 7)).toEqual([
      ...['batch', '--input', '/data/rows.csv', '--output', '/data/answers', '--shards', '8'],
    ]);
  });

  it('does not count evictions, and ends at once with wrong options', () => {
    const { spec, container } = jobOf(onClaim, 'ofa-ve-archive');
    expect(spec.podFailurePolicy?.rules).toEqual([
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: container.name, operator: 'In', values: [2] } },
    ]);
  });

  it('runs on the nodes, devices, image and model of the service', () => {
    for (const [manifests, name] of [
      [onClaim, 'ofa-ve-archive'],
      [onS3, 'ofa-ve-catalogue'],
    ] as const) {
      const service = podOf(deployments(manifests)[0] ?? expect.fail());
      const { pod, container } = jobOf(manifests, name);
      const shared = [
        'nodeSelector',
        'tolerations',
        'initContainers',
        'securityContext',
        'serviceAccountName',
      ] as const;
      for (const field of shared) expect(pod[field], field).toEqual(service[field]);
      const server = service.containers[0] ?? expect.fail();
      expect([container.image, container.resources]).toEqual([server.image, server.resources]);
      expect(container.securityContext).toEqual(server.securityContext);
      const folder = (env = server.env) => env?.find((variable) => variable.name === 'MODEL_DIR');
      expect(folder(container.env)).toEqual(folder());
      expect(pod.restartPolicy).toBe('Never');
    }
  });

  it('has a priority below that of the service, and preempts nothing', () => {
    const { metadata, ...priority } = only(onClaim, 'PriorityClass');
    expect(priority).toMatchObject({ value: -2, preemptionPolicy: 'Never' });
    expect(jobOf(onClaim, 'ofa-ve-archive').pod.priorityClassName).toBe(metadata.name);
    expect(podOf(deployments(onClaim)[0] ?? expect.fail()).priorityClassName).toBeUndefined();
    expect(jobOf(onS3, 'ofa-ve-catalogue').pod.priorityClassName).toBe('batch');
  });

  it('is selected by nothing that selects the pods of the service', () => {
    const { spec } = jobOf(onS3, 'ofa-ve-catalogue');
    const labels = spec.template.metadata?.labels ?? expect.fail();
    const selectorOf = ({ spec: its }: Manifest): Labels[] => {
      const { selector, podSelector } = (its ?? {}) as Record<string, Labels & { matchLabels?: Labels }>;
      const found = selector ?? podSelector;
      return found === undefined ? [] : [found.matchLabels ?? found];
    };
    const selecting = onS3.filter((manifest) => selectorOf(manifest).some((selector) => picks(selector, labels)));
    expect(selecting.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'NetworkPolicy ofa-ve-catalogue',
    ]);
  });

  it('reads and writes a claim, and connects to DNS alone', () => {
    const { pod, container } = jobOf(onClaim, 'ofa-ve-archive');
    expect(pod.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'archive' } });
    expect(container.volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
    const { policyTypes, egress } = only(onClaim, 'NetworkPolicy', 'ofa-ve-archive')['spec'] as Record<
      string,
      unknown[]
    >;
    expect([policyTypes, egress?.length]).toEqual([['Ingress', 'Egress'], 1]);
  });

  it('reads and writes a bucket with the credentials of a Secret, and connects to its store', () => {
    const { pod, container } = jobOf(onS3, 'ofa-ve-catalogue');
    const key = (name: string) => ({ name, valueFrom: { secretKeyRef: { name: 'shop-bucket', key: name } } });
    expect(container.env).toEqual(
      expect.arrayContaining([
        { name: 'AWS_REGION', value: 'eu-central-1' },
        { name: 'AWS_ENDPOINT_URL_S3', value: 'http://minio.storage:9000' },
        key('AWS_ACCESS_KEY_ID'),
        key('AWS_SECRET_ACCESS_KEY'),
      ]),
    );
    expect(pod.volumes?.map(({ name }) => name)).not.toContain('data');
    const { egress } = only(onS3, 'NetworkPolicy', 'ofa-ve-catalogue')['spec'] as { egress: unknown[] };
    expect(egress).toContainEqual({ ports: [{ port: 9000, protocol: 'TCP' }] });
    const { container: own } = jobOf(onS3, 'ofa-ve-archive');
    expect(own.env?.map(({ name }) => name).filter((name) => name.startsWith('AWS_'))).toEqual(['AWS_REGION']);
  });

  it('waits, or is queued by Kueue, which suspends it itself', () => {
    const waiting = ['ofa-ve-catalogue', 'ofa-ve-archive'].map((name) => {
      const { metadata, spec } = jobOf(onS3, name);
      return [spec.suspend, metadata?.labels?.['kueue.x-k8s.io/queue-name']];
    });
    expect(waiting).toEqual([
      [true, undefined],
      [undefined, 'gpu-batch'],
    ]);
  });

  it('passes arguments on as they are written', () => {
    const { container } = jobOf(onS3, 'ofa-ve-catalogue');
    // Kubernetes turns $$ into $, and $(PRICE) into a variable.
    expect(container.args).toContain('It costs $$(PRICE).');
    expect(container.args?.slice(-2)).toEqual(['--column', 'image=photo']);
  });

  it('gets the settings that a batch run reads, and no others', () => {
    expectTypeOf<Exclude<keyof ModelSettings, (typeof BATCH_SETTINGS)[number]>>().toEqualTypeOf<
      'MAX_QUEUE' | 'REQUEST_TIMEOUT_MS'
    >();
    const settings = { MAX_BATCH: 16, LOG_LEVEL: 'debug', LABELS: 'Yes,No,Maybe' } as const;
    const changes = { server: { kind: 'ofa-ve' as const, settings }, backfills: [BACKFILL] };
    const { container } = jobOf(manifestsOf(withWorkload(changes, '1.30')), 'ofa-ve-archive');
    const variables = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
    expect(variables).toMatchObject({ MAX_BATCH: '16', LABELS: 'Yes,No,Maybe', DEVICE: 'cuda' });
    expect(variables).not.toHaveProperty('LOG_LEVEL');
    expect(() => readSettings(variables)).not.toThrow();
  });
});

it('without backfills there is no Job and no PriorityClass', () => {
  const manifests = manifestsOf(scenarios.default);
  expect([ofKind(manifests, 'Job'), ofKind(manifests, 'PriorityClass')]).toEqual([[], []]);
});

const S3 = { kind: 's3', region: 'us-east-1' } as const;
const VOLUME = { kind: 'empty-dir', sizeLimit: '1Gi', inMemory: false } as const;

/** A backfill, perhaps with changes to the workload, and the sentence that it gets. */
const MISTAKES: readonly (readonly [string, Partial<Backfill>, Record<string, unknown>, string])[] = [
  [
    'on an old cluster',
    {},
    { kubernetesVersion: '1.28' },
    'backfills need Kubernetes 1.29, but kubernetesVersion is 1.28; set it to 1.29 if all clusters have that or a later one, or leave the list empty.',
  ],
  [
    'with pods of too long a name',
    { name: 'a-name-of-exactly-forty-characters-in-al', completions: 10_000 },
    { 'workloads.0.name': 'a-workload-of-twenty' },
    'backfills[0].name makes pods such as a-workload-of-twenty-a-name-of-exactly-forty-characters-in-al-9999, but a host name has at most 63 characters; choose a shorter one.',
  ],
  [
    'with more pods than shards',
    { completions: 1 },
    {},
    'backfills[0].parallelism is 2, above completions, which is 1; use at most that.',
  ],
  [
    'with a path outside its volume',
    { output: '/answers' },
    {},
    'backfills[0].output is /answers, but storage.kind is claim; begin it with /data/.',
  ],
  [
    'with a path where a bucket is',
    { storage: S3, output: 's3://a/b' },
    {},
    'backfills[0].input is /data/rows.csv, but storage.kind is s3; begin it with s3://.',
  ],
  [
    'with an option that follows from a field',
    { options: ['--text=a'] },
    {},
    'backfills[0].options has --text, which follows from texts; leave it out.',
  ],
  [
    'with an option that is misspelt',
    { options: ['--colum', 'image=photo'] },
    {},
    "backfills[0].options is refused by ofa-ve batch: unknown option '--colum' (Did you mean --column?).",
  ],
  [
    'with an option of a wrong value',
    { options: ['--column', 'picture=photo'] },
    {},
    "backfills[0].options is refused by ofa-ve batch: option '--column <name=column>' argument 'picture=photo' is invalid. It must be NAME=COLUMN, where NAME is one of id, image, text, texts, premise.",
  ],
  [
    'with an option and its value as one text',
    { options: ['--part-rows 1000'] },
    {},
    "backfills[0].options is refused by ofa-ve batch: unknown option '--part-rows 1000'.",
  ],
  [
    'with a value too many',
    { options: ['--allow-outside', 'true'] },
    {},
    "backfills[0].options is refused by ofa-ve batch: 'true' is neither an option nor the value of one.",
  ],
  [
    'that would print its help',
    { options: ['--help'] },
    {},
    "backfills[0].options is refused by ofa-ve batch: unknown option '--help'.",
  ],
  [
    'with an empty option',
    { options: ['--allow-host='] },
    {},
    "backfills[0].options is refused by ofa-ve batch: option '--allow-host <host>' argument '' is invalid. It must not be empty.",
  ],
  [
    'with a text without words',
    { texts: ['A shoe.', '?!'] },
    {},
    "backfills[0].texts is refused by ofa-ve batch: option '--text <text>' argument '?!' is invalid. It contains no words to judge.",
  ],
  [
    'with the priority of the service',
    { priorityClassName: 'high' },
    { 'workloads.0.scheduling.priorityClassName': 'high' },
    'backfills[0].priorityClassName is high, that of the service; choose a lower one, or leave it out.',
  ],
  [
    'that its queue starts and the next apply stops',
    { queueName: 'gpu-batch', suspend: true },
    {},
    'backfills[0].suspend is true, but the queue gpu-batch starts the Job, which the next apply would suspend again; set it to false.',
  ],
  [
    'with a variable that its storage sets, too',
    { storage: S3, input: 's3://a/b', output: 's3://a/c' },
    { 'workloads.0.pod.env': { AWS_REGION: 'eu-central-1' } },
    'backfills[0].storage sets AWS_REGION for its pods, which pod.env has, too; leave it out there.',
  ],
  [
    'beside a volume with the name of its own',
    {},
    { 'workloads.0.pod.volumes': [{ ...VOLUME, name: 'data', mountPath: '/spool' }] },
    'pod.volumes has the name data, which another volume of the pod has; choose another.',
  ],
  [
    'beside a volume in the folder of its own',
    {},
    { 'workloads.0.pod.volumes': [{ ...VOLUME, name: 'spool', mountPath: '/data' }] },
    'pod.volumes has the folder /data, where another volume is mounted; choose another.',
  ],
  [
    'beside a container with the name of its own',
    {},
    { 'workloads.0.pod.sidecars': [{ name: 'batch', image: 'proxy:1.0', resources: ofaLarge.resources }] },
    "pod has two containers named batch (the deployment's own are server, load-model, batch); rename one.",
  ],
  [
    'with the name of another object',
    { name: 'metrics' },
    {},
    'backfills claims ofa-ve-metrics, which workloads[0] already has; choose another.',
  ],
  [
    'beside a model that one node can mount',
    {},
    {
      'workloads.0.model.source': {
        ...{ kind: 'claim', size: '10Gi', accessMode: 'ReadWriteOnce', version: '1.0' },
        ...{ loaderImage: 'ofa:1', loaderFolder: '/package' },
      },
      'workloads.0.replicas': 1,
      'workloads.0.autoscaling.by': 'none',
    },
    'model.source.accessMode is ReadWriteOnce, which only one node at a time can mount, but there may be 2 pods of backfills, too; use ReadWriteMany.',
  ],
];

describe('synth refuses a backfill', () => {
  it.each(MISTAKES)('%s', (_name, changes, elsewhere, sentence) => {
    const backfills = [{ ...BACKFILL, ...changes }];
    const sound: DeploymentConfig = extend(config, {
      kubernetesVersion: '1.30',
      workloads: [extend(ofaLarge, { backfills })],
    });
    const wrong = Object.entries(elsewhere).reduce<unknown>(
      (whole, [path, value]) => deepChange(whole, path, value),
      sound,
    );
    expect(mistakesOf(wrong)).toContain(`workloads[0].${sentence}`);
  });

  it('of the same output as another', () => {
    const backfills = [BACKFILL, { ...BACKFILL, name: 'again', output: '/data/answers/' }];
    expect(mistakesOf(withWorkload({ backfills }, '1.30'))).toEqual([
      'workloads[0].backfills has the output /data/answers twice; give each a folder of its own.',
    ]);
  });

  it('of another server', async () => {
    const environment = (await environmentOf('multi-model')).config;
    const wrong = deepChange(deepChange(environment, 'workloads.1.backfills', [BACKFILL]), 'kubernetesVersion', '1.30');
    expect(mistakesOf(wrong)).toEqual([
      'workloads[1].backfills run ofa-ve batch, but server.kind is other; leave the list empty.',
    ]);
  });

  it('with fields that are wrong by themselves', () => {
    const storage = { ...S3, endpoint: 'http://minio:90000' };
    const wrong = { ...BACKFILL, input: 'rows.csv', storage, completions: 0, queueName: 'a.b' };
    expect(mistakesOf(deepChange(config, 'workloads.0.backfills', [wrong]))).toEqual([
      'workloads[0].backfills[0].input is "rows.csv"; it must be the absolute path of a file or folder, such as /data/rows.csv, or an address such as s3://bucket/rows.csv.',
      'workloads[0].backfills[0].storage.endpoint is "http://minio:90000"; it must be an address that begins with http:// or https://, with a port from 1 to 65535 if it has one.',
      'workloads[0].backfills[0].completions is 0; it must be a whole number from 1 to 10000.',
      'workloads[0].backfills[0].queueName is "a.b"; it must be the name of a LocalQueue: at most 63 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen.',
    ]);
  });
});
