import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { expect, it } from 'vitest';
import { deployments, manifestsOf, only, podOf, serverOf } from '../manifests.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

const manifests = manifestsOf(scenarios.additions);
const [deployment = expect.fail()] = deployments(manifests);

it('adds labels and annotations to the pods, and not to their selector', () => {
  const { metadata } = deployment.spec?.template ?? {};
  expect(metadata?.labels).toMatchObject({ team: 'vision', 'azure.workload.identity/use': 'true', track: 'stable' });
  expect(metadata?.annotations).toMatchObject({
    'example.com/owner': 'vision@example.com',
    'kubectl.kubernetes.io/default-container': 'server',
  });
  expect(deployment.spec?.selector.matchLabels).not.toHaveProperty('team');
});

it('binds the ServiceAccount to an identity of a cloud, and lets the pods reach its token service', () => {
  expect(only(manifests, 'ServiceAccount').metadata.annotations).toEqual({
    'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/ofa-ve',
  });
  const { spec } = only(manifests, 'NetworkPolicy') as unknown as INetworkPolicy;
  expect(spec?.egress?.at(-1)).toEqual({
    to: [{ ipBlock: { cidr: '0.0.0.0/0' } }],
    ports: [{ port: 443, protocol: 'TCP' }],
  });
});

it('adds variables from text, Secrets and ConfigMaps', () => {
  expect(serverOf(deployment).env).toEqual(
    expect.arrayContaining([
      { name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'deployment.environment.name=test' },
      { name: 'EMPTY' },
      { name: 'PROXY_PASSWORD', valueFrom: { secretKeyRef: { name: 'proxy', key: 'password' } } },
      { name: 'REGION', valueFrom: { configMapKeyRef: { name: 'cluster', key: 'region' } } },
    ]),
  );
});

it('mounts volumes in the containers that ask for them, Secrets and ConfigMaps read-only', () => {
  const mounts = serverOf(deployment).volumeMounts?.filter(
    ({ name }) => !['models', 'tmp', 'cuda-cache'].includes(name),
  );
  expect(mounts).toEqual([
    { name: 'certificates', mountPath: '/etc/proxy/tls', readOnly: true },
    { name: 'archive', mountPath: '/archive', readOnly: true },
    { name: 'results', mountPath: '/results' },
  ]);
  const sidecar = podOf(deployment).initContainers?.find(({ name }) => name === 'proxy');
  expect(sidecar?.volumeMounts).toEqual([
    { name: 'proxy', mountPath: '/etc/proxy', readOnly: true },
    { name: 'spool', mountPath: '/spool' },
  ]);
});

it('starts sidecars before the model is loaded and stops them after the server, from Kubernetes 1.29 on', () => {
  const { initContainers = [], containers } = podOf(deployment);
  expect(initContainers.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
    ['proxy', 'Always'],
    ['load-model', undefined],
    ['wait', undefined],
  ]);
  expect(containers.map(({ name }) => name)).toEqual(['server']);
});

it('runs sidecars as plain containers before, in the canary, too', () => {
  for (const older of deployments(manifestsOf(scenarios['additions-before-sidecars']))) {
    expect(podOf(older).initContainers?.map(({ name }) => name)).toEqual(['wait']);
    expect(podOf(older).containers.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['server', undefined],
      ['proxy', undefined],
    ]);
  }
});

it.each([
  ['amd64', { 'kubernetes.io/arch': 'amd64' }],
  ['arm64', { 'kubernetes.io/arch': 'arm64' }],
  ['any', undefined],
] as const)('selects nodes of the architecture %s', (architecture, nodeSelector) => {
  const config = withWorkload({
    gpu: { kind: 'none' },
    resources: { requests: { memory: '8Gi' }, limits: { memory: '10Gi' } },
    scheduling: { architecture },
  });
  const [one = expect.fail()] = deployments(manifestsOf(config));
  expect(podOf(one).nodeSelector).toEqual(nodeSelector);
});
