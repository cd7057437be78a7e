import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../../infra/environment.ts';
import { config } from '../../../infra/config.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';

const AMOUNTS = { cpu: 1, memory: '1Gi', ephemeralStorage: '1Gi' };
const proxy = { name: 'proxy', image: 'proxy:1.0', resources: { requests: AMOUNTS, limits: AMOUNTS } };
const spool = { kind: 'empty-dir', name: 'spool', mountPath: '/spool', sizeLimit: '1Gi', inMemory: false };
const keys = { kind: 'secret', name: 'keys', secretName: 'keys', mountPath: '/keys' };

/** Paths within the workload, values that a pod cannot have there, and the sentence that follows. */
const REFUSED: readonly (readonly [path: string, value: unknown, sentence: string | RegExp])[] = [
  ['pod.labels', { track: 'a' }, 'pod.labels has track, by which the deployment finds its pods; use another name.'],
  ['pod.labels', { 'app.kubernetes.io/version': '2' }, /app\.kubernetes\.io\/version, by which/],
  ['pod.labels', { 'pod-template-hash': 'a' }, /has pod-template-hash, by which/],
  ['pod.labels', { team: 'a b' }, /pod\.labels\.team is "a b"; it must be at most 63/],
  [
    'pod.annotations',
    { 'prometheus.io/port': '1' },
    'pod.annotations has prometheus.io/port, which the deployment sets itself; leave it out.',
  ],
  ['pod.annotations', { 'kubectl.kubernetes.io/default-container': 'a' }, /which the deployment sets itself/],
  ['pod.annotations', { 'a b': 'c' }, /pod\.annotations has the name "a b"/],
  ['pod.env', { PORT: '1' }, 'pod.env has PORT, a setting of the service; use server.settings.PORT.'],
  ['pod.env', { MODEL_DIR: '/a' }, /has MODEL_DIR, which follows from model\.source \(.*; leave it out\.$/],
  ['pod.env', { HOME: '/' }, 'pod.env has HOME, which the deployment sets to /tmp; leave it out.'],
  [
    'pod.env',
    { OFA_VE_MAX_BATCH: '16', OFA_VE_ENV: 'berlin', OFA_VE_SERVICE_HOST: '10.0.0.1' },
    'pod.env has OFA_VE_MAX_BATCH, which is not a setting of the service, so that it would not start; use server.settings.MAX_BATCH.',
  ],
  ['pod.env', { OFA_VE_HOST: '::1' }, /has OFA_VE_HOST, which is not a setting .*; leave it out\.$/],
  ['pod.env', { OFA_VE_COLOR: { kind: 'secret', name: 'a', key: 'b' } }, /has OFA_VE_COLOR, .*; leave it out\.$/],
  ['pod.env', { 'A B': 'c' }, /pod\.env has the name "A B"; it must be the name of an environment variable/],
  [
    'pod.env',
    { A: 1 },
    "pod.env.A is 1; it must be text, or the key of a Secret or ConfigMap such as { kind: 'secret', name: 'hub', key: 'token' }; write it in quotes: \"1\".",
  ],
  [
    'pod.env',
    { A: { kind: 'file', name: 'a', key: 'b' } },
    /env\.A\.kind is "file"; it must be one of secret, config-map/,
  ],
  ['pod.env', { A: { kind: 'secret', name: 'a', key: '..' } }, /pod\.env\.A\.key is "\.\."/],
  ['pod.env', { A: { kind: 'secret', name: 'a_b', key: 'c' } }, /pod\.env\.A\.name is "a_b"/],
  ['pod.env', { A: { kind: 'secret', name: 'a', key: 'c', optional: true } }, /pod\.env\.A\.optional is not a field/],
  [
    'scheduling.spread',
    ['ScheduleAnyway', 'DoNotSchedule'].map((whenUnsatisfiable) => ({
      topologyKey: 'zone',
      maxSkew: 1,
      whenUnsatisfiable,
    })),
    'scheduling.spread has zone twice; leave one out.',
  ],
  ['image.pullSecrets', ['hub', 'quay', 'hub'], 'image.pullSecrets has hub twice; leave one out.'],
  ['pod.volumes', [{ ...spool, name: 'tmp' }], /has the name tmp, which another volume/],
  ['pod.volumes', [spool, { ...spool, mountPath: '/other' }], /has the name spool/],
  ['pod.volumes', [{ ...spool, mountPath: '/tmp' }], /has the folder \/tmp, where another volume is mounted/],
  ['pod.volumes', [{ ...spool, mountPath: '/models/cache' }], /but \/models is read-only/],
  ['pod.volumes', [{ ...spool, mountPath: '/app' }], /has the folder \/app, which would hide files of the image/],
  ['pod.volumes', [{ ...spool, mountPath: '/model/a' }], /would hide files of the image/],
  ['pod.volumes', [{ ...spool, mountPath: '/proc/a' }], /which the container runtime fills/],
  ['pod.volumes', [{ ...spool, mountPath: '/sys/fs' }], /which the container runtime fills/],
  ['pod.volumes', [{ ...spool, mountPath: '/dev' }], /which the container runtime fills/],
  ['pod.volumes', [{ ...spool, mountPath: '/a:b' }], /mountPath is "\/a:b"/],
  ['pod.volumes', [{ ...spool, mountPath: '/a/../b' }], /mountPath is/],
  [
    'pod.volumes',
    [
      { ...spool, sizeLimit: '6Gi', inMemory: true },
      { ...spool, name: 'shm', mountPath: '/dev/shm', sizeLimit: '3Gi', inMemory: true },
    ],
    'pod.volumes may hold 9216Mi (spool 6Gi, shm 3Gi), but limits.memory of the containers allow the pod 6144Mi; use at most that for all of them.',
  ],
  ['pod.volumes', [{ ...spool, mountPath: undefined }], /has spool, which no container mounts/],
  ['pod.sidecars', [{ ...proxy, name: 'server' }], /two containers named server/],
  ['pod.sidecars', [proxy, proxy], /two containers named proxy/],
  ['pod.initContainers', [{ ...proxy, name: 'load-model' }], /two containers named load-model/],
  [
    'pod.initContainers',
    [{ ...proxy, image: 'proxy' }],
    /initContainers\[0\]\.image is "proxy"; it must be an image with a tag/,
  ],
  ['pod.initContainers', [{ ...proxy, env: { A: 1 } }], /initContainers\[0\]\.env\.A is 1/],
  [
    'pod.sidecars',
    [{ ...proxy, mounts: [{ volume: 'spool', mountPath: '/spool' }] }],
    'pod.sidecars[0].mounts has spool, which pod.volumes does not have; add it there.',
  ],
  [
    'pod.sidecars',
    [{ ...proxy, resources: { requests: { ...AMOUNTS, cpu: 2 }, limits: AMOUNTS } }],
    'pod.sidecars[0].resources.requests.cpu is 2, above pod.sidecars[0].resources.limits.cpu, which is 1; a pod cannot request more than its limit.',
  ],
  ['serviceAccount.annotations', { 'a b': 'c' }, /serviceAccount\.annotations has the name "a b"/],
  ['networkPolicy.outgoingNetworks', [{ network: '10.0.0.1/8', port: 443 }], /outgoingNetworks\[0\]\.network is/],
  [
    'scheduling.architecture',
    'arm64',
    'scheduling.architecture is arm64, but the image for GPUs is built for amd64 alone; use amd64, or gpu.kind none.',
  ],
  ['scheduling.architecture', 'x86_64', /it must be one of amd64, arm64, any\.$/],
  [
    'scheduling.nodeSelector',
    { 'kubernetes.io/arch': 'amd64' },
    'scheduling.nodeSelector has kubernetes.io/arch, which follows from scheduling.architecture; set that.',
  ],
];

describe('a pod that cannot be', () => {
  it.each(REFUSED)('%s = %j', (path, value, sentence) => {
    const [mistake = '', ...more] = mistakesOf(deepChange(config, `workloads.0.${path}`, value));
    if (typeof sentence === 'string') expect(mistake).toBe(`workloads[0].${sentence}`);
    else expect(mistake).toMatch(sentence);
    expect(more).toEqual([]);
  });

  it('mounts one folder twice in a container', () => {
    const mistakesWith = (...mounts: (readonly [volume: string, mountPath: string])[]) => {
      const sidecars = [{ ...proxy, mounts: mounts.map(([volume, mountPath]) => ({ volume, mountPath })) }];
      const pod = { labels: {}, annotations: {}, env: {}, volumes: [spool, keys], sidecars, initContainers: [] };
      return mistakesOf(deepChange(config, 'workloads.0.pod', pod));
    };
    expect(mistakesWith(['spool', '/a'], ['keys', '/a'])).toEqual([
      'workloads[0].pod.sidecars[0].mounts has the folder /a, where another volume is mounted; choose another.',
    ]);
    expect(mistakesWith(['keys', '/a'], ['spool', '/a/b'], ['keys', '/tmp'])).toEqual([]);
  });
});

it('the volume of a Secret may hold the folders of other volumes, which the kubelet makes in it', () => {
  const volumes = [
    { ...keys, mountPath: '/etc/ofa-ve' },
    { ...keys, name: 'cache', mountPath: '/var/cache' },
    { ...spool, mountPath: '/var/cache/spool' },
  ];
  const server = { kind: 'ofa-ve', settings: {}, apiKeys: { secretName: 'keys', key: 'keys' } };
  const changed = deepChange(deepChange(config, 'workloads.0.pod.volumes', volumes), 'workloads.0.server', server);
  expect(mistakesOf(changed)).toEqual([]);
});

describe('another server', () => {
  it('has an environment of its own, and files where its image has them', async () => {
    const other = (await environmentOf('multi-model')).config;
    const at = other.workloads.findIndex(({ server }) => server.kind === 'other');
    const changed = deepChange(
      deepChange(other, `workloads.${at}.pod.env`, { PORT: '8000', HOME: '/root', OFA_VE_COLOR: '1' }),
      `workloads.${at}.pod.volumes`,
      [{ ...spool, mountPath: '/app' }],
    );
    expect(mistakesOf(changed)).toEqual([]);
  });

  it('has ports of its own, of which none needs root', async () => {
    const other = (await environmentOf('multi-model')).config;
    const at = other.workloads.findIndex(({ server }) => server.kind === 'other');
    const mistakesWith = (http: number, admin: number): readonly string[] =>
      mistakesOf(deepChange(other, `workloads.${at}.server.ports`, { http, admin }));
    expect(mistakesWith(1024, 1025)).toEqual([]);
    expect(mistakesWith(80, 1023)).toEqual(
      ['http is 80', 'admin is 1023'].map(
        (port) =>
          `workloads[${at}].server.ports.${port}; it must be a fixed port from 1024 up, as lower ones need root.`,
      ),
    );
  });

  it('may run with GPUs on arm64', async () => {
    const other = (await environmentOf('multi-model')).config;
    const at = other.workloads.findIndex(({ server }) => server.kind === 'other');
    expect(mistakesOf(deepChange(other, `workloads.${at}.scheduling.architecture`, 'arm64'))).toEqual([]);
  });
});
