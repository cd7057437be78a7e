/** Path of the first workload. */
export const FIRST = 'workloads.0.';
const LONG = 'a'.repeat(64);

/** Values that synth must refuse, by the field's path; most of them the API server would refuse, too. */
export const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  'namespace.name': ['ai.ofa', LONG, '-a', 'a-', 'a_b', ''],
  'namespace.labels': [
    { 'a b': '' },
    { 'A/b/c': 'd' },
    { a: '-' },
    { a: LONG },
    { [LONG]: 'a' },
    { 'a..b/c': 'd' },
    { 'pod-security.kubernetes.io/enforce': 'strict' },
    { 'pod-security.kubernetes.io/enforce-version': '1.33' },
    { 'app.kubernetes.io/part-of': 'a' },
  ],
  [`${FIRST}exposure.gateway.namespace`]: ['gateway.system', LONG],
  [`${FIRST}exposure.istio.gateways`]: [['a.b/c'], ['a/b/c'], ['/c'], ['a/']],
  [`${FIRST}networkPolicy.clients`]: [
    [{ namespace: 'a.b', podLabels: {} }],
    [{ namespace: 'a', podLabels: { 'b c': '' } }],
  ],
  [`${FIRST}networkPolicy.clientNetworks`]: [
    ['10.0.0.5/8'],
    ['300.0.0.0/8'],
    ['010.0.0.0/8'],
    [':::/64'],
    ['10.0.0.0/33'],
    ['10.0.0.0/08'],
    ['fd00::1/64'],
    ['FD00::/8'],
    ['fd00:0:0::/48'],
    ['::ffff:10.0.0.0/104'],
    ['::/129'],
    ['10.0.0.0'],
    ['10.0.0/8'],
  ],
  [`${FIRST}exposure.path`]: [
    '//',
    '/a//b',
    '/a/../b',
    '/..',
    '/a/.',
    '/a%2fb',
    '/ü',
    '/{a}',
    '/a b',
    '/a?b',
    'a',
    `/${'a'.repeat(1024)}`,
  ],
  [`${FIRST}exposure.host`]: [
    '10.0.0.1',
    'localhost',
    `${LONG}.example.com`,
    'a..b',
    '*.*.b.c',
    'a.b.',
    'Ä.example.com',
  ],
  [`${FIRST}scheduling.spread`]: [
    [
      { topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
      { topologyKey: 'zone', maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' },
    ],
    [{ topologyKey: 'my zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
  ],
  [`${FIRST}scheduling.tolerations`]: [
    [{ key: 'my pool', effect: 'NoSchedule' }],
    [{ key: 'pool', value: 'a b', effect: 'NoSchedule' }],
    [{ key: 'pool ', effect: 'NoSchedule' }],
  ],
  [`${FIRST}image.reference`]: ['a/B:1', 'a b:1', 'a:-1', `a:${'1'.repeat(129)}`, ' a:1', 'a//b:1', 'a@sha256:12'],
  [`${FIRST}autoscaling.targets.loadItems`]: [0.0004, 1.00001, -1, '8'],
  [`${FIRST}resources.limits.cpu`]: [0.0005, 1.0005, '0m', '1.5m', 1e9, '4'],
  [`${FIRST}resources.limits.memory`]: ['0.3Ki', '6.1Gi', '0Mi', '99999999Ti', '6G', '6e3Mi'],
  [`${FIRST}gpu.resourceName`]: [
    'gpu',
    'nvidia.com/gpu/1',
    'nvidia..com/gpu',
    `nvidia.com/${LONG}`,
    'kubernetes.io/gpu',
    'a.kubernetes.io/gpu',
    'Nvidia.com/gpu',
    'requests.nvidia.com/gpu',
  ],
  [`${FIRST}exposure.service.annotations`]: [{ 'a b': 'c' }, { a: 1 }, { 'x/y/z': '' }],
  [`${FIRST}rollout.maxSurge`]: [2 ** 31, -1, '1.5%'],
  [`${FIRST}server.settings.PORT`]: [0, 80, 70_000],
};

/** Values that both accept, with the field's path. */
export const ACCEPTED: readonly (readonly [path: string, value: unknown])[] = [
  ['namespace.name', '1-a'],
  [
    'namespace.labels',
    { 'pod-security.kubernetes.io/warn': 'restricted', 'pod-security.kubernetes.io/warn-version': 'v1.33' },
  ],
  [`${FIRST}networkPolicy.clientNetworks`, ['10.0.0.0/8', '0.0.0.0/0', '::/0', 'fd00:1::/32', '2001:db8::1/128']],
  [`${FIRST}exposure.path`, '/a/b.c/~d'],
  [`${FIRST}exposure.host`, '*.example.com'],
  [`${FIRST}image.reference`, `Registry.example.com:5000/a_b/c__d/e--f:1.0@sha256:${'0'.repeat(64)}`],
  [`${FIRST}autoscaling.targets.loadItems`, 0.001],
  [`${FIRST}resources.limits.cpu`, '4001m'],
  [`${FIRST}gpu.resourceName`, 'amd.com/gpu'],
];
