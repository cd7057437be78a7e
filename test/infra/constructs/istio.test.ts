import { expect, it } from 'vitest';
import { IDLE_CONNECTION_MS } from '../../../service/contract.ts';
import { manifestsOf, only } from '../manifests.ts';
import { withWorkload } from '../scenarios.ts';

function manifestsWith(exposure: { readonly path?: string }) {
  const networkPolicy = { clients: [{ namespace: 'istio-system', podLabels: {} }] };
  return manifestsOf(withWorkload({ exposure: { route: 'istio', ...exposure }, networkPolicy }));
}

it.each([
  ['/', [{ uri: { prefix: '/' } }]],
  ['/v1', [{ uri: { exact: '/v1' } }, { uri: { prefix: '/v1/' } }]],
  ['/v1/', [{ uri: { exact: '/v1' } }, { uri: { prefix: '/v1/' } }]],
])('the path %s takes whole parts, though Istio compares text', (path, match) => {
  const { spec } = only(manifestsWith({ path }), 'VirtualService');
  expect((spec as { http: { match: unknown }[] }).http.at(-1)?.match).toEqual(match);
});

it('closes idle connections before the service does, which would fail a request on them', () => {
  const { trafficPolicy } = only(manifestsWith({}), 'DestinationRule')['spec'] as {
    trafficPolicy: { connectionPool: { http: { idleTimeout: string } } };
  };
  const [, seconds] = /^(\d+)s$/.exec(trafficPolicy.connectionPool.http.idleTimeout) ?? [];
  expect(Number(seconds)).toBeLessThan(IDLE_CONNECTION_MS / 1000);
});
