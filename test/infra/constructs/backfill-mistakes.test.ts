import { describe, expect, it } from 'vitest';
import { config, extend, ofaLarge, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { environmentOf } from '../../../infra/environment.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';
import { BACKFILL, withWorkload } from '../scenarios.ts';

type Backfill = WorkloadConfig['backfills'][number];

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
