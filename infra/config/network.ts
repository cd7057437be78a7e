import { z } from 'zod';
import { isDnsLabel, isDnsSubdomain } from './api-rules.ts';
import {
  flag,
  hostName,
  isReachable,
  namespaceName,
  network,
  objectName,
  oneOf,
  routePath,
  text,
  whole,
} from './fields.ts';
import { annotations, labels } from './maps.ts';

const ingress = z.strictObject({
  /** Controller whose annotations set the body limit, the timeout and the canary. @default ingress-nginx */
  controller: oneOf('ingress-nginx', 'f5-nginx', 'haproxy-ingress', 'aws-alb', 'traefik', 'other'),
  /** IngressClass: the cluster's name for the controller. @default nginx */
  className: objectName,
  /** Further annotations; they override those of the controller. @default {} */
  annotations,
  /** HTTPS. */
  tls: z.strictObject({
    /** Whether the host is served with the certificate in `secretName`. @default false */
    enabled: flag,
    /** Secret with the certificate, created by you or by cert-manager. @default ofa-api-tls */
    secretName: objectName,
    /** ClusterIssuer of cert-manager that fills the Secret. @default none: you fill it */
    clusterIssuer: objectName.optional(),
  }),
});

const gateway = z.strictObject({
  /** Gateway that accepts the traffic. @default public */
  name: objectName,
  /** Namespace of the Gateway. @default gateway-system */
  namespace: namespaceName,
  /** Listener of the Gateway. @default all of them */
  sectionName: objectName.optional(),
  /** Host name for gRPC, other than `host`, as a Gateway does not let both share one. @default none: no gRPC */
  grpcHost: hostName.optional(),
});

function isGateway(text: string): boolean {
  const [namespace = '', name = '', ...more] = text.split('/');
  return isDnsLabel(namespace) && isDnsSubdomain(name) && more.length === 0;
}

const istio = z.strictObject({
  /** Istio Gateways, as `namespace/name`. Callers in the mesh get the same routing. @default ['istio-system/public'] */
  gateways: z.array(text(isGateway, 'a gateway written as namespace/name')).min(1, 'at least one gateway'),
});

export const exposureSchema = z.strictObject({
  /** The Service in front of the pods. */
  service: z.strictObject({
    /** How the Service is published. @default ClusterIP */
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    /** Port of the Service. @default 80 */
    port: whole(1, 65_535),
    /** Port of the Service for gRPC, unless `GRPC_PORT` is off. @default 8001 */
    grpcPort: whole(1, 65_535),
    /** Annotations of the Service, for a cloud's load balancer. @default {} */
    annotations,
  }),
  /** What routes traffic from outside the cluster: one of the blocks below, or nothing. @default ingress */
  route: oneOf('none', 'ingress', 'gateway', 'istio'),
  /** Host name of the service. @default ofa-api.example.com */
  host: hostName,
  /** Path prefix of the service. It is not stripped: the service sees the whole path. @default / */
  path: routePath,
  /** Largest request body that the route accepts, in MiB; at least the service's own limit. @default 50 */
  bodyLimitMb: whole(1, 10_240),
  /**
   * Addresses or networks of the proxies that requests come through: the pods of the ingress controller or gateway, and
   * load balancers before them. The service then believes their X-Forwarded-For, and each client address gets a fair
   * share of the queue, unless `server.apiKeys` tells clients apart.
   *
   * @default [] (addresses are not told apart)
   */
  trustedProxies: z.array(network),
  /** Seconds that the route waits for an answer; more than the service's own limit. @default 120 */
  readTimeoutSeconds: whole(1, 3600),
  /** Used by the route `ingress`. */
  ingress,
  /** Used by the route `gateway` (Gateway API). */
  gateway,
  /** Used by the route `istio`. */
  istio,
});

const peer = z.strictObject({
  /** Namespace of the pods. */
  namespace: namespaceName,
  /** Labels of the pods; `{}` means every pod of the namespace. */
  podLabels: labels,
});

export const networkPolicySchema = z.strictObject({
  /** Whether a NetworkPolicy is written. @default true */
  enabled: flag,
  /** Pods that may send requests: the controller or gateway, and callers in the cluster. @default ingress-nginx */
  clients: z.array(peer),
  /** Networks that may send requests: those of load balancers outside the cluster. @default [] */
  clientNetworks: z.array(network),
  /** Pods that may read the metrics. @default every pod of the namespace monitoring */
  scrapers: z.array(peer),
  /** The cluster's name servers. @default kube-dns in kube-system */
  dns: z.array(
    z.strictObject({
      ...peer.shape,
      /** Port on which these pods listen, whatever that of their Service: 5353 on OpenShift. @default 53 */
      port: whole(1, 65_535).optional(),
    }),
  ),
  /** Other pods that the pods may call. @default [] */
  outgoing: z.array(
    z.strictObject({
      ...peer.shape,
      /** TCP port on which these pods listen, whatever that of their Service. */
      port: whole(1, 65_535),
    }),
  ),
  /** Networks that the pods may call, such as those of a cloud's token service. @default [] */
  outgoingNetworks: z.array(
    z.strictObject({
      /** The network. */
      network,
      /** TCP port that may be called. */
      port: whole(1, 65_535),
    }),
  ),
});

export const namespaceSchema = z.strictObject({
  /** Name of the Namespace. @default ofa-ve */
  name: namespaceName,
  /** Whether the Namespace is part of the manifests. @default true */
  create: flag,
  /** Pod Security level that the cluster enforces, as labels of a Namespace that is created. @default restricted */
  podSecurity: oneOf('restricted', 'baseline', 'privileged'),
  /** Further labels of a Namespace that is created. @default {} */
  labels,
});

export const tracingSchema = z.strictObject({
  /** Whether traces are sent. @default false */
  enabled: flag,
  /** Address of an OpenTelemetry collector. @default http://otel-collector.observability:4318 */
  endpoint: text(
    (address) => /^https?:\/\/(?:[^\s/:?#]+|\[[^\s/?#]+\]):\d+$/.test(address) && isReachable(address),
    'an address with a port, such as http://collector.observability:4318',
  ),
  /**
   * The collector's pods, which the network policy allows at the endpoint's port. If they listen on another than their
   * Service, add that to `networkPolicy.outgoing`.
   *
   * @default every pod of the namespace observability
   */
  collector: peer,
});
