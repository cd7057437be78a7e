import { ACCEPTED, FIRST, REFUSED } from '../infra/config/edge-values.ts';

const L63 = 'a'.repeat(63);
const L253 = `${`${'a'.repeat(62)}.`.repeat(4)}a`;
const CONTAINER = {
  name: 'proxy',
  image: 'a:1',
  resources: {
    requests: { cpu: '10m', memory: '16Mi', ephemeralStorage: '16Mi' },
    limits: { cpu: '20m', memory: '32Mi', ephemeralStorage: '16Mi' },
  },
};

/** Further values at the edges of the rules, by the field's path. Either synth or nobody refuses each. */
const NEAR_THE_EDGES: Readonly<Record<string, readonly unknown[]>> = {
  'namespace.name': [L63, `${L63}a`, '0', 'a.b', 'kube-system'],
  'namespace.labels': [
    { [`${L253}/${L63}`]: L63 },
    { [`${L253}a/a`]: '' },
    { [`a/${L63}a`]: '' },
    { 'a/b': 'A.b_c-d' },
    { a: 'a.' },
    { a: 'é' },
    { 'pod-security.kubernetes.io/enforce': 'privileged' },
    { 'pod-security.kubernetes.io/enforce': 'strict' },
  ],
  [`${FIRST}name`]: ['a', 'a'.repeat(20), 'a'.repeat(40), 'a'.repeat(57), L63, '0a', 'a-0', 'a.b', 'A'],
  [`${FIRST}image.reference`]: ['a:1', '[::1]:5000/a:1', 'a:5000/b:1', 'a/b/c:1_', `a:${'1'.repeat(128)}`, 'a:1 '],
  [`${FIRST}image.pullSecrets`]: [['a.b'], ['A'], [L253], [`${L253}a`], ['']],
  [`${FIRST}resources.limits.cpu`]: [8, '8', '8000m', 2.5, 0.1 + 3.9, '5.5', 1e3],
  [`${FIRST}resources.limits.memory`]: ['7Gi', '7000Mi', '6.5Gi', '8Pi', '7340032Ki', '7340032.5Ki', '7516192768'],
  [`${FIRST}resources.requests.ephemeralStorage`]: ['1Ki', '0.5Gi', '4Gi', '5Gi'],
  [`${FIRST}gpu.count`]: [1, 16, 0, 1.5],
  [`${FIRST}gpu.resourceName`]: ['a/b', `${L253}/b`, `a.b/${'a'.repeat(63)}`, 'a.b/C'],
  [`${FIRST}gpu.nodeSelector`]: [{ a: '' }, { 'a/b': L63 }, { a: `${L63}a` }, { '': 'a' }, { 'a b': 'c' }],
  [`${FIRST}gpu.tolerations`]: [
    [{ key: 'a/b', effect: 'NoExecute' }],
    [{ key: 'a', value: L63, effect: 'NoSchedule' }],
    [{ key: 'a', value: '', effect: 'NoSchedule' }],
    [{ key: 'a', value: '-', effect: 'NoSchedule' }],
    [{ key: '', effect: 'NoSchedule' }],
  ],
  [`${FIRST}scheduling.spread`]: [
    [{ topologyKey: 'a/b', maxSkew: 2147483647, whenUnsatisfiable: 'ScheduleAnyway' }],
    [{ topologyKey: 'a', maxSkew: 0, whenUnsatisfiable: 'DoNotSchedule' }],
    [
      { topologyKey: 'a', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
      { topologyKey: 'a', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
    ],
  ],
  [`${FIRST}scheduling.runtimeClassName`]: ['a.b', 'A', L253, ''],
  [`${FIRST}scheduling.priorityClassName`]: ['a.b', 'A', L253, 'system-node-critical', ''],
  [`${FIRST}security.userId`]: [1, 0, 2147483647, 2147483648, -1],
  [`${FIRST}shutdown.preStopSeconds`]: [0, 1, 3600],
  [`${FIRST}probes.startup.periodSeconds`]: [1, 0, 3600],
  [`${FIRST}probes.liveness.failureThreshold`]: [1, 0, 100],
  [`${FIRST}rollout.maxSurge`]: [1, '25%', '100%', '0%', '101%', '-1%'],
  [`${FIRST}rollout.maxUnavailable`]: [0, '25%', '100%', '101%', 1000],
  [`${FIRST}rollout.minReadySeconds`]: [0, 3600],
  [`${FIRST}rollout.revisionHistoryLimit`]: [0, 100],
  [`${FIRST}exposure.host`]: [
    'a.b',
    'xn--nxasmq6b.example',
    L253,
    `${L253}a`,
    '*.a.b',
    'a.b-',
    '_a.b',
    'A.b',
    '1.2.3.4.5',
  ],
  [`${FIRST}exposure.path`]: [
    '/',
    '/a',
    '/a/',
    '/a.b',
    '/a:b',
    '/a@b',
    '/a+b',
    "/a'b",
    '/a;b',
    '/a,b',
    '/a*',
    '/(a)',
    '/$a',
  ],
  [`${FIRST}exposure.service.type`]: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'],
  [`${FIRST}exposure.service.port`]: [1, 65535, 65536, 8001],
  [`${FIRST}exposure.service.annotations`]: [{ 'a/b': 'é\n' }, { [`a/${L63}a`]: '' }, { 'A.B/c': 'd' }, { '/a': '' }],
  [`${FIRST}exposure.ingress.className`]: ['a.b', 'A', L253, ''],
  [`${FIRST}exposure.ingress.tls`]: [
    { enabled: true, secretName: 'a.b' },
    { enabled: true, secretName: 'A' },
    { enabled: true, secretName: L253, clusterIssuer: 'a b' },
  ],
  [`${FIRST}networkPolicy.clients`]: [
    [],
    [{ namespace: L63, podLabels: { 'a/b': '' } }],
    [{ namespace: 'a', podLabels: { a: `${L63}a` } }],
    [{ namespace: 'a', podLabels: {}, port: 1 }],
  ],
  [`${FIRST}networkPolicy.clientNetworks`]: [
    ['0.0.0.0/0'],
    ['::/0'],
    ['::1/128'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['fd00::/8/8'],
    ['10.0.0.0/-1'],
    ['10.0.0.0/8 '],
    ['fe80::%eth0/64'],
    ['1:2:3:4:5:6:7:8/128'],
    ['1::2::3/64'],
  ],
  [`${FIRST}networkPolicy.outgoing`]: [
    [{ namespace: 'a', podLabels: {}, port: 65535 }],
    [{ namespace: 'a', podLabels: {}, port: 0 }],
    [{ namespace: 'a.b', podLabels: {}, port: 1 }],
  ],
  [`${FIRST}autoscaling.targets.loadItems`]: [0.001, 100000, 8.125, 8.1255, 0.0005],
  [`${FIRST}autoscaling.targets.cpuPercent`]: [1, 1000, 1001],
  [`${FIRST}autoscaling.scaleUp.periodSeconds`]: [1, 1800, 1801],
  [`${FIRST}autoscaling.scaleDown.stabilizationSeconds`]: [0, 3600, 3601],
  [`${FIRST}autoscaling.maxReplicas`]: [2, 1, 1000],
  [`${FIRST}disruption.maxUnavailable`]: [1, 1000, 0],
  [`${FIRST}observability.dashboard.labels`]: [{}, { a: 'a b' }, { 'a/b': L63 }],
  [`${FIRST}pod.labels`]: [{ a: 'b' }, { 'a b': 'c' }, { track: 'x' }, { 'app.kubernetes.io/name': 'x' }],
  [`${FIRST}pod.annotations`]: [{ 'a/b': '{}' }, { 'a b': '' }, { [`a/${L63}a`]: '' }],
  [`${FIRST}pod.env`]: [{ A: 'b' }, { 'A B': 'c' }, { 'A=B': 'c' }, { '1A': 'b' }, { 'A.B-C': 'd' }, { '': 'a' }],
  [`${FIRST}pod.volumes`]: [
    [{ kind: 'empty-dir', name: 'a', mountPath: '/a', sizeLimit: '1Mi', inMemory: true }],
    [{ kind: 'secret', name: 'a', mountPath: '/a', secretName: 'A' }],
    [{ kind: 'config-map', name: 'a.b', mountPath: '/a', configMapName: 'a' }],
    [{ kind: 'claim', name: L63, mountPath: '/a', claimName: L253, readOnly: true }],
    [{ kind: 'secret', name: 'a', mountPath: '/a:b', secretName: 'a' }],
    [{ kind: 'secret', name: 'a', mountPath: '/', secretName: 'a' }],
  ],
  [`${FIRST}pod.sidecars`]: [
    [CONTAINER],
    [{ ...CONTAINER, name: 'A' }],
    [CONTAINER, CONTAINER],
    [{ ...CONTAINER, name: `${L63}a` }],
    [{ ...CONTAINER, name: 'server' }],
    [{ ...CONTAINER, env: { 'A B': 'c' } }],
    [{ ...CONTAINER, mounts: [{ volume: 'missing', mountPath: '/a' }] }],
    [{ ...CONTAINER, args: ['$(A)', '\u0000'] }],
  ],
  [`${FIRST}serviceAccount.annotations`]: [{ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/a' }, { 'a b': 'c' }],
};

/** All values at the edges of the rules, by the field's path. */
export const EDGE_VALUES: ReadonlyMap<string, readonly unknown[]> = (() => {
  const values = new Map<string, unknown[]>();
  const add = (path: string, more: readonly unknown[]) => values.set(path, [...(values.get(path) ?? []), ...more]);
  for (const [path, more] of Object.entries(REFUSED)) add(path, more);
  for (const [path, value] of ACCEPTED) add(path, [value]);
  for (const [path, more] of Object.entries(NEAR_THE_EDGES)) add(path, more);
  return values;
})();
