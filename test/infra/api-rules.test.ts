import { describe, expect, it } from 'vitest';
import { config, type DeploymentConfig } from '../../infra/config.ts';
import { deploymentApp } from '../../infra/app.ts';
import { ConfigError } from '../../infra/config/check.ts';
import { canonicalCpu, canonicalMemory, canonicalNumber } from '../../infra/config/fields.ts';
import { manifestsOf, ofKind } from './manifests.ts';
import { deepChange, mistakesOf } from './mistakes.ts';

const FIRST = 'workloads.0.';
const LONG = 'a'.repeat(64);

/** Values that the API server refuses, by the field's path. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  'namespace.name': ['ai.ofa', LONG, '-a', 'a-', 'a_b', ''],
  'namespace.labels': [{ 'a b': '' }, { 'A/b/c': 'd' }, { a: '-' }, { a: LONG }, { [LONG]: 'a' }, { 'a..b/c': 'd' }],
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
  ],
  [`${FIRST}exposure.service.annotations`]: [{ 'a b': 'c' }, { a: 1 }, { 'x/y/z': '' }],
  [`${FIRST}rollout.maxSurge`]: [2 ** 31, -1, '1.5%'],
  [`${FIRST}server.settings.PORT`]: [0, 80, 70_000],
};

describe('what the API server refuses, synth refuses', () => {
  it.each(Object.entries(REFUSED).flatMap(([path, values]) => values.map((value) => [path, value] as const)))(
    '%s = %j',
    (path, value) => {
      const mistakes = mistakesOf(deepChange(config, path, value));
      expect(mistakes).toHaveLength(1);
      expect(mistakes[0]).toContain(path.replace('.0.', '[0].'));
    },
  );

  it.each<[path: string, value: unknown]>([
    ['namespace.name', '1-a'],
    [`${FIRST}networkPolicy.clientNetworks`, ['10.0.0.0/8', '0.0.0.0/0', '::/0', 'fd00:1::/32', '2001:db8::1/128']],
    [`${FIRST}exposure.path`, '/a/b.c/~d'],
    [`${FIRST}exposure.host`, '*.example.com'],
    [`${FIRST}image.reference`, `Registry.example.com:5000/a_b/c__d/e--f:1.0@sha256:${'0'.repeat(64)}`],
    [`${FIRST}autoscaling.targets.loadItems`, 0.001],
    [`${FIRST}resources.limits.cpu`, '4001m'],
    [`${FIRST}gpu.resourceName`, 'amd.com/gpu'],
  ])('%s = %j is accepted', (path, value) => {
    expect(mistakesOf(deepChange(config, path, value))).toEqual([]);
  });
});

describe('an object that kubectl cannot store', () => {
  it('is refused', () => {
    const large = deepChange(config, `${FIRST}pod.env`, { A: 'a'.repeat(300_000) }) as DeploymentConfig;
    expect(() => deploymentApp(large)).toThrow(ConfigError);
    expect(() => deploymentApp(large)).toThrow(/Deployment ofa-ve has 30\d{4} bytes as JSON/);
  });
});

describe('amounts are written as the server writes them', () => {
  it.each([
    ['5.5Gi', '5632Mi'],
    ['1024Mi', '1Gi'],
    ['1000Mi', '1000Mi'],
    ['0.5Ki', '512'],
    ['2048Ti', '2Pi'],
  ] as const)('%s as %s', (given, expected) => {
    expect(canonicalMemory(given)).toBe(expected);
  });

  it('of processors and metrics, too', () => {
    expect([canonicalCpu(0.5), canonicalCpu('2000m'), canonicalCpu('1500m'), canonicalCpu(1000)]).toEqual([
      '500m',
      '2',
      '1500m',
      '1k',
    ]);
    expect([canonicalNumber(0.001), canonicalNumber(100_000)]).toEqual(['1m', '100k']);
  });
});

it.each(['_1.0', '1.0_', '1'.repeat(128)])('the tag %s becomes a valid label', (tag) => {
  const changed = deepChange(config, `${FIRST}image.reference`, `ofa:${tag}`) as DeploymentConfig;
  const label = ofKind(manifestsOf(changed), 'Deployment').map((deployment) => {
    const { template } = deployment['spec'] as { template: { metadata: { labels: Record<string, string> } } };
    return template.metadata.labels['app.kubernetes.io/version'];
  });
  expect(label[0]).toMatch(/^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/);
});
