import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IService } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { config, extend, ofaLarge, type Changes, type WorkloadConfig } from '../../../infra/config.ts';
import { deployments, manifestsOf, only, serverOf } from '../manifests.ts';
import { mistakesOf } from '../mistakes.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

describe('gRPC', () => {
  const portsOf = (settings: { GRPC_PORT?: number | 'off' }) => {
    const manifests = manifestsOf(withWorkload({ server: { kind: 'ofa-ve', settings } }));
    const [deployment] = deployments(manifests);
    const { spec } = only(manifests, 'Service', 'ofa-ve') as unknown as IService;
    const policy = only(manifests, 'NetworkPolicy') as unknown as INetworkPolicy;
    return {
      container: serverOf(deployment ?? expect.fail()).ports?.find(({ name }) => name === 'grpc')?.containerPort,
      service: spec?.ports?.find(({ name }) => name === 'grpc'),
      allowed: policy.spec?.ingress?.[0]?.ports?.map(({ port }) => port),
    };
  };

  it('has a port of its own in pod, Service and network policy, for HTTP/2 without TLS', () => {
    const { container, service, allowed } = portsOf({ GRPC_PORT: 9001 });
    expect(container).toBe(9001);
    expect(service).toMatchObject({ port: 8001, targetPort: 'grpc', appProtocol: 'kubernetes.io/h2c' });
    expect(allowed).toEqual(['http', 'grpc']);
  });

  it('is nowhere if it is off', () => {
    expect(portsOf({ GRPC_PORT: 'off' })).toEqual({ container: undefined, service: undefined, allowed: ['http'] });
  });

  it('is routed by a GRPCRoute with a host of its own, which divides it between the versions', () => {
    const manifests = manifestsOf(scenarios['canary-gateway']);
    const { hostnames, rules } = only(manifests, 'GRPCRoute')['spec'] as {
      hostnames: string[];
      rules: { backendRefs: { name: string; port: number; weight: number }[] }[];
    };
    expect(hostnames).toEqual(['ofa-grpc.example.com']);
    expect(rules[0]?.backendRefs).toEqual([
      { group: '', kind: 'Service', name: 'ofa-ve', port: 8001, weight: 90 },
      { group: '', kind: 'Service', name: 'ofa-ve-canary', port: 8001, weight: 10 },
    ]);
  });

  it('comes in by the listener that HTTP comes in by', () => {
    const parentsOf = (sectionName?: string) => {
      const manifests = manifestsOf(
        withWorkload({
          exposure: { route: 'gateway', gateway: { sectionName, grpcHost: 'ofa-grpc.example.com' } },
          networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
        }),
      );
      return ['HTTPRoute', 'GRPCRoute'].map(
        (kind) => (only(manifests, kind)['spec'] as { parentRefs: unknown }).parentRefs,
      );
    };
    const gateway = {
      group: 'gateway.networking.k8s.io',
      kind: 'Gateway',
      name: 'public',
      namespace: 'gateway-system',
    };
    expect(parentsOf('https')).toEqual([
      [{ ...gateway, sectionName: 'https' }],
      [{ ...gateway, sectionName: 'https' }],
    ]);
    expect(parentsOf()).toEqual([[gateway], [gateway]]);
  });

  it('has a host that no other workload has, for gRPC or else', () => {
    const workload = (name: string, host: string, grpcHost?: string) =>
      extend(ofaLarge, {
        name,
        exposure: { route: 'gateway', host, gateway: { grpcHost } },
        networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
      });
    const mistakes = (...workloads: WorkloadConfig[]) => mistakesOf({ ...config, workloads });
    const first = workload('first', 'a.example.com', 'a-grpc.example.com');
    expect(mistakes(first, workload('second', 'b.example.com', 'b-grpc.example.com'))).toEqual([]);
    expect(mistakes(first, workload('second', 'b.example.com', 'a-grpc.example.com'))).toEqual([
      'workloads[1].exposure.gateway.grpcHost claims a-grpc.example.com, which workloads[0] already has; choose another.',
    ]);
    expect(mistakes(workload('second', 'a-grpc.example.com'), first)).toEqual([
      'workloads[1].exposure.gateway.grpcHost is a-grpc.example.com, which is exposure.host of workloads[0], too; a Gateway refuses that, so use another.',
    ]);
  });

  it.each([
    [
      'a server without gRPC',
      { server: { kind: 'ofa-ve', settings: { GRPC_PORT: 'off' } } },
      'is set, but the server has no port for gRPC; set server.settings.GRPC_PORT or leave the host out.',
    ],
    [
      'the same host for all else',
      { exposure: { host: 'grpc.example.com' } },
      'is grpc.example.com, which is exposure.host, too; a Gateway refuses that, so use another.',
    ],
    [
      'a wildcard for all else',
      { exposure: { host: '*.example.com' } },
      'is grpc.example.com, which has names in common with exposure.host, *.example.com; a Gateway refuses that, so use another.',
    ],
  ] satisfies [string, Changes<WorkloadConfig>, string][])('has no host beside %s', (_name, changes, rest) => {
    const routed = withWorkload({
      exposure: { route: 'gateway', gateway: { grpcHost: 'grpc.example.com' } },
      networkPolicy: { enabled: false },
    });
    const workloads = routed.workloads.map((workload) => extend(workload, changes));
    expect(mistakesOf({ ...routed, workloads })).toEqual([`workloads[0].exposure.gateway.grpcHost ${rest}`]);
  });

  it('has a host that no wildcard of the same listener covers', () => {
    const workload = (name: string, host: string, gateway: Changes<WorkloadConfig['exposure']['gateway']>) =>
      extend(ofaLarge, { name, exposure: { route: 'gateway', host, gateway }, networkPolicy: { enabled: false } });
    const judge = workload('judge', 'judge.example.com', { sectionName: 'https', grpcHost: 'grpc.example.com' });
    const besides = (gateway: Changes<WorkloadConfig['exposure']['gateway']>) =>
      mistakesOf({ ...config, workloads: [workload('any', '*.example.com', gateway), judge] });
    const sentence =
      'workloads[1].exposure.gateway.grpcHost is grpc.example.com, which has names in common with exposure.host of workloads[0], *.example.com; a Gateway refuses that, so use another.';
    expect(besides({})).toEqual([sentence]);
    expect(besides({ sectionName: 'https' })).toEqual([sentence]);
    expect(besides({ sectionName: 'http' })).toEqual([]);
    expect(besides({ name: 'internal' })).toEqual([]);
    expect(besides({ namespace: 'other' })).toEqual([]);
  });
});
