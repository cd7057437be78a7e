import { detectResources, envDetector } from '@opentelemetry/resources';
import { afterEach, expect, it, vi } from 'vitest';
import type { Changes, DeploymentConfig, WorkloadConfig } from '../../../infra/config.ts';
import { mistakesOf } from '../mistakes.ts';
import { deployments, manifestsOf, serverOf } from '../manifests.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

const TRACED = { observability: { tracing: { enabled: true } } } satisfies Changes<WorkloadConfig>;

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The attributes that OpenTelemetry finds in the environment of each Deployment's server. */
function resources(config: DeploymentConfig) {
  return deployments(manifestsOf(config)).map((deployment) => {
    vi.unstubAllEnvs();
    for (const { name, value = '' } of serverOf(deployment).env ?? []) {
      if (name.startsWith('OTEL_')) vi.stubEnv(name, value);
    }
    return detectResources({ detectors: [envDetector] }).attributes;
  });
}

it('tells the traces of workloads, namespaces and versions apart', () => {
  const config = withWorkload({ ...TRACED, name: 'judge', canary: { enabled: true } });
  const shared = { 'service.name': 'judge', 'service.namespace': 'ofa-ve', 'k8s.namespace.name': 'ofa-ve' };
  expect(resources(config)).toEqual([
    { ...shared, 'service.version': '1.0', 'k8s.deployment.name': 'judge' },
    { ...shared, 'service.version': '1.1', 'k8s.deployment.name': 'judge-canary' },
  ]);
});

it('adds the attributes of the configuration, which count where both have one', () => {
  const OTEL_RESOURCE_ATTRIBUTES = 'deployment.environment.name=berlin,service.version=2026.11';
  const [attributes] = resources(withWorkload({ ...TRACED, pod: { env: { OTEL_RESOURCE_ATTRIBUTES } } }));
  expect(attributes).toMatchObject({
    'service.name': 'ofa-ve',
    'service.version': '2026.11',
    'deployment.environment.name': 'berlin',
    'k8s.deployment.name': 'ofa-ve',
  });
});

it.each(['team', 'team=a=b', '=vision', 'share=50%', `team=${'a'.repeat(256)}`])(
  'refuses the attribute %s, for which OpenTelemetry would leave out all',
  (attribute) => {
    const pod = { env: { OTEL_RESOURCE_ATTRIBUTES: `deployment.environment.name=berlin,${attribute}` } };
    const untraced = withWorkload({ pod });
    expect(mistakesOf(untraced)).toEqual([]);
    expect(mistakesOf(withWorkload({ ...TRACED, pod }))).toEqual([
      expect.stringMatching(/^workloads\[0\]\.pod\.env\.OTEL_RESOURCE_ATTRIBUTES has "[^"]+", for which OpenTelemetry/),
    ]);
    for (const { name, value = '' } of serverOf(deployments(manifestsOf(untraced))[0] ?? expect.fail()).env ?? []) {
      if (name.startsWith('OTEL_')) vi.stubEnv(name, value);
    }
    expect(detectResources({ detectors: [envDetector] }).attributes).toEqual({});
  },
);

it.each([
  'share=50%25,pair=a%3Db%2Cc',
  ' team = vision , ',
  'empty=',
  'cloud.region=$(REGION)',
  `a=${'b'.repeat(255)}`,
])('accepts the attributes %s, which OpenTelemetry reads', (OTEL_RESOURCE_ATTRIBUTES) => {
  const [attributes] = resources(withWorkload({ ...TRACED, pod: { env: { OTEL_RESOURCE_ATTRIBUTES } } }));
  expect(Object.keys(attributes ?? {}).length).toBeGreaterThan(5);
});

it('takes another name of the service from the configuration, and attributes from a Secret', () => {
  const attributes = { kind: 'secret', name: 'traces', key: 'attributes' } as const;
  const env = { OTEL_SERVICE_NAME: 'vision', OTEL_RESOURCE_ATTRIBUTES: attributes };
  const [deployment] = deployments(manifestsOf(withWorkload({ ...TRACED, pod: { env } })));
  expect(serverOf(deployment ?? expect.fail()).env).toEqual(
    expect.arrayContaining([
      { name: 'OTEL_SERVICE_NAME', value: 'vision' },
      { name: 'OTEL_RESOURCE_ATTRIBUTES', valueFrom: { secretKeyRef: { name: 'traces', key: 'attributes' } } },
    ]),
  );
});

it('leaves variables behind those that they name, by which Kubernetes replaces them', () => {
  const REGION = { kind: 'config-map', name: 'cluster', key: 'region' } as const;
  const env = { REGION, OTEL_SERVICE_NAME: 'judge-$(REGION)', OTEL_RESOURCE_ATTRIBUTES: 'cloud.region=$(REGION)' };
  const [deployment] = deployments(manifestsOf(withWorkload({ ...TRACED, pod: { env } })));
  const variables = serverOf(deployment ?? expect.fail()).env ?? [];
  const names = variables.map(({ name }) => name);
  expect(names.slice(names.indexOf('REGION'))).toEqual(Object.keys(env));
  expect(names.filter((name) => name.startsWith('OTEL_RESOURCE'))).toHaveLength(1);
  expect(variables.at(-1)?.value).toMatch(/^service\.namespace=ofa-ve,.*,cloud\.region=\$\(REGION\)$/);
});

it('sets nothing without traces', () => {
  expect(resources(scenarios.default)).toEqual([{}]);
});
