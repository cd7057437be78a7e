import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1';
import { ofKind, type Manifest } from './manifests.ts';

/** Service and port of every backend of a route, whatever its kind. */
export function backends(manifests: readonly Manifest[]): { name: string; port: number | string }[] {
  const ingresses = (ofKind(manifests, 'Ingress') as unknown as IIngress[])
    .flatMap(({ spec }) => spec?.rules ?? [])
    .flatMap(({ http }) => http?.paths ?? [])
    .flatMap(({ backend }) => backend.service ?? [])
    .filter(({ port }) => port?.name !== 'use-annotation')
    .map(({ name, port }) => ({ name, port: port?.name ?? port?.number ?? '' }));
  const actions = ofKind(manifests, 'Ingress')
    .flatMap(({ metadata }) => Object.entries(metadata.annotations ?? {}))
    .filter(([name]) => name.startsWith('alb.ingress.kubernetes.io/actions.'))
    .map(([, value]) => JSON.parse(value) as { forwardConfig: { targetGroups: AlbGroup[] } })
    .flatMap(({ forwardConfig }) => forwardConfig.targetGroups)
    .map(({ serviceName, servicePort }) => ({ name: serviceName, port: servicePort }));
  const routes = [...ofKind(manifests, 'HTTPRoute'), ...ofKind(manifests, 'GRPCRoute')]
    .map(({ spec }) => spec as { rules: { backendRefs: { name: string; port: number }[] }[] })
    .flatMap(({ rules }) => rules.flatMap(({ backendRefs }) => backendRefs));
  const virtual = ofKind(manifests, 'VirtualService')
    .map(({ spec }) => spec as { http: { route: { destination: IstioDestination }[] }[] })
    .flatMap(({ http }) => http.flatMap(({ route }) => route))
    .map(({ destination }) => ({
      name: destination.host.split('.')[0] ?? '',
      port: destination.port.number,
    }));
  return [...ingresses, ...actions, ...routes, ...virtual];
}

/** Where the AWS controller sends a share of the requests. */
export interface AlbGroup {
  readonly serviceName: string;
  readonly servicePort: number;
  readonly weight: number;
}

/** Where Istio sends a share of the requests. */
export interface IstioDestination {
  readonly host: string;
  readonly subset: string;
  readonly port: { readonly number: number };
}
