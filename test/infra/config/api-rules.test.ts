import { describe, expect, it } from 'vitest';
import { config, type DeploymentConfig } from '../../../infra/config.ts';
import { deploymentApp } from '../../../infra/app.ts';
import { ConfigError } from '../../../infra/config/check.ts';
import { canonicalCpu, canonicalMemory, canonicalNumber } from '../../../infra/config/fields.ts';
import { ACCEPTED, FIRST, REFUSED } from './edge-values.ts';
import { versionOf } from '../../../infra/workload/names.ts';
import { manifestsOf, ofKind } from '../manifests.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';

describe('what the API server refuses, synth refuses', () => {
  it.each(Object.entries(REFUSED).flatMap(([path, values]) => values.map((value) => [path, value] as const)))(
    '%s = %j',
    (path, value) => {
      const mistakes = mistakesOf(deepChange(config, path, value));
      expect(mistakes).toHaveLength(1);
      expect(mistakes[0]).toContain(path.replace('.0.', '[0].'));
    },
  );

  it.each(ACCEPTED)('%s = %j is accepted', (path, value) => {
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

it.each(['1', '1.0', '2026-01-15-abcdef0'])('the tag %s is the label of the version', (tag) => {
  expect(versionOf(`registry.example.com:5000/ofa:${tag}@sha256:${'0'.repeat(64)}`)).toBe(tag);
});

it.each(['_1.0', '1.0_', '1'.repeat(128)])('the tag %s becomes a valid label', (tag) => {
  const changed = deepChange(config, `${FIRST}image.reference`, `ofa:${tag}`) as DeploymentConfig;
  const label = ofKind(manifestsOf(changed), 'Deployment').map((deployment) => {
    const { template } = deployment['spec'] as { template: { metadata: { labels: Record<string, string> } } };
    return template.metadata.labels['app.kubernetes.io/version'];
  });
  expect(label[0]).toMatch(/^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/);
});
