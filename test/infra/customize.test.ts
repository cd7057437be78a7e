import { ApiObject, JsonPatch } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { deploymentApp } from '../../infra/app.ts';
import { config, type Customize } from '../../infra/config.ts';
import { only, type Manifest } from './manifests.ts';

function customized(customize: Customize): Manifest[] {
  const yaml = deploymentApp(config, { customize }).synthYaml();
  return parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
}

describe('a function over a finished chart', () => {
  it('sets fields that cdk8s does not know', () => {
    const manifests = customized({
      'ofa-ve': (chart) => {
        chart.object('Service', 'ofa-ve').addJsonPatch(JsonPatch.add('/spec/trafficDistribution', 'PreferSameZone'));
      },
    });
    expect(only(manifests, 'Service', 'ofa-ve')['spec']).toMatchObject({ trafficDistribution: 'PreferSameZone' });
  });

  it("opens the network policy to Istio's ambient mode, as docs/deploy.md says", () => {
    const manifests = customized({
      'ofa-ve': (chart) => {
        chart
          .object('NetworkPolicy', 'ofa-ve')
          .addJsonPatch(
            JsonPatch.add('/spec/ingress/0/ports/-', { port: 15008, protocol: 'TCP' }),
            JsonPatch.add('/spec/ingress/-', { from: [{ ipBlock: { cidr: '169.254.7.127/32' } }] }),
          );
      },
    });
    const { ingress } = only(manifests, 'NetworkPolicy', 'ofa-ve')['spec'] as { ingress: Record<string, unknown>[] };
    const [requests, metrics, ...others] = ingress;
    expect(requests).toEqual({
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
      ports: [
        { port: 'http', protocol: 'TCP' },
        { port: 'grpc', protocol: 'TCP' },
        { port: 15008, protocol: 'TCP' },
      ],
    });
    expect(metrics).toMatchObject({ ports: [{ port: 'metrics' }] });
    expect(others).toEqual([{ from: [{ ipBlock: { cidr: '169.254.7.127/32' } }] }]);
  });

  it('adds and removes objects, in its own file', () => {
    const manifests = customized({
      base: (chart) => {
        new ApiObject(chart, 'quota', {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'gpus', namespace: 'ofa-ve' },
          spec: { hard: { 'requests.nvidia.com/gpu': '8' } },
        });
      },
      'ofa-ve': (chart) => {
        chart.node.tryRemoveChild(chart.object('ConfigMap', 'ofa-ve-dashboard').node.id);
      },
    });
    const kinds = manifests.map(({ kind }) => kind);
    expect(kinds.indexOf('ResourceQuota')).toBeLessThan(kinds.indexOf('Deployment'));
    expect(manifests.map(({ metadata }) => metadata.name)).not.toContain('ofa-ve-dashboard');
  });

  it('changes nothing if it does nothing', () => {
    expect(deploymentApp(config, { customize: { 'ofa-ve': () => undefined } }).synthYaml()).toBe(
      deploymentApp(config).synthYaml(),
    );
  });
});

describe('what a function may not do', () => {
  const object = (metadata: object): Customize => ({
    'ofa-ve': (chart) => {
      new ApiObject(chart, 'added', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { namespace: 'ofa-ve', ...metadata },
      });
    },
  });

  it.each<[name: string, customize: Customize, sentence: string]>([
    [
      'look for what is not there',
      { 'ofa-ve': (chart) => chart.object('Service', 'ofa') },
      'customize.ofa-ve asks for Service ofa; the chart has ServiceAccount ofa-ve, ',
    ],
    [
      'be for no chart',
      { 'ofa-v': () => undefined },
      'customize.ofa-v is the name of no chart; it must be one of base, ofa-ve.',
    ],
    [
      'patch a field below one that is not there',
      {
        'ofa-ve': (chart) => {
          chart.object('Service', 'ofa-ve').addJsonPatch(JsonPatch.replace('/spec/a/b', 1));
        },
      },
      'Service ofa-ve cannot be written: ',
    ],
    [
      'take a name that exists',
      object({ name: 'ofa-ve' }),
      'Service ofa-ve occurs twice; give one of them another name.',
    ],
    ['use a wrong name', object({ name: 'a_b' }), 'Service a_b has a name that Kubernetes does not accept; '],
    [
      'use a wrong label',
      object({ name: 'a', labels: { b: 'c d' } }),
      'Service a has labels with b, where there must be at most 63',
    ],
    [
      'use a wrong annotation',
      object({ name: 'a', annotations: { 'b c': '' } }),
      'Service a has annotations with b c, where there must be',
    ],
    [
      'take a label of the selector from the pods',
      {
        'ofa-ve': (chart) => {
          chart.object('Deployment', 'ofa-ve').addJsonPatch(JsonPatch.remove('/spec/template/metadata/labels/track'));
        },
      },
      'Deployment ofa-ve selects pods by track=stable, which its own pods do not have.',
    ],
    [
      'give a container a variable that it has',
      {
        'ofa-ve': (chart) => {
          const path = '/spec/template/spec/containers/0/env/-';
          chart.object('Deployment', 'ofa-ve').addJsonPatch(JsonPatch.add(path, { name: 'HOME', value: '/' }));
        },
      },
      'Deployment ofa-ve has two env with the name HOME, of which a change finds only one; remove the other.',
    ],
    [
      'give a pod a volume that it has',
      {
        'ofa-ve': (chart) => {
          const path = '/spec/template/spec/volumes/-';
          chart.object('Deployment', 'ofa-ve').addJsonPatch(JsonPatch.add(path, { name: 'tmp', emptyDir: {} }));
        },
      },
      'Deployment ofa-ve has two volumes with the name tmp, of which',
    ],
    ['make an object too large', object({ name: 'a', annotations: { b: 'c'.repeat(300_000) } }), 'Service a has 30'],
  ])('%s', (_name, customize, sentence) => {
    expect(() => deploymentApp(config, { customize })).toThrow(sentence);
  });
});
