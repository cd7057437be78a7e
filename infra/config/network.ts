import { z } from 'zod';
import {
  absolutePath,
  annotations,
  flag,
  hostName,
  labels,
  network,
  objectName,
  oneOf,
  text,
  whole,
} from './fields.ts';

/** Ingress controllers whose annotations are known; `other` takes the annotations that the config gives. */
export const INGRESS_CONTROLLERS = [
  'ingress-nginx',
  'f5-nginx',
  'haproxy-ingress',
  'aws-alb',
  'traefik',
  'other',
] as const;

/** See {@link INGRESS_CONTROLLERS}. */
export type IngressController = (typeof INGRESS_CONTROLLERS)[number];

const ingress = z.strictObject({
  /** What the body limit, the timeout and the canary are written for. */
  controller: oneOf(...INGRESS_CONTROLLERS),
  /** IngressClass; the cluster's name for the controller. */
  className: objectName,
  /** Further annotations; they win over those of the controller. */
  annotations,
  tls: z.strictObject({
    /** Whether the host is served with the certificate in `secretName`. */
    enabled: flag,
    /** Secret with the certificate, made by you or by cert-manager. */
    secretName: objectName,
    /** cert-manager ClusterIssuer that fills the Secret; left out, you do. */
    clusterIssuer: objectName.optional(),
  }),
});

const gateway = z.strictObject({
  /** Gateway that takes the traffic in. */
  name: objectName,
  /** Its namespace. */
  namespace: objectName,
  /** Its listener; left out, all of them. */
  sectionName: objectName.optional(),
});

const istio = z.strictObject({
  /** Istio Gateways, each as `namespace/name`. In-mesh callers get the same routing. */
  gateways: z
    .array(text(/^[a-z0-9-]+\/[a-z0-9.-]+$/, 'a gateway written as namespace/name'))
    .min(1, 'at least one gateway'),
});

/** How clients reach the service. */
export const exposureSchema = z.strictObject({
  service: z.strictObject({
    /** How the Service is offered. */
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    /** Port of the Service. */
    port: whole(1, 65_535),
    /** Annotations of the Service, for a cloud's load balancer. */
    annotations,
  }),
  /** What brings traffic from outside the cluster: one of the blocks below, or nothing. */
  route: oneOf('none', 'ingress', 'gateway', 'istio'),
  /** Host under which clients find the service. */
  host: hostName,
  /** Path prefix that belongs to the service. It is not cut off: the service sees the whole path. */
  path: absolutePath,
  /** Largest request body that the route lets through, in MiB; not below the service's own limit. */
  bodyLimitMb: whole(1, 10_240),
  /** Seconds that the route waits for an answer; not below the service's own limit. */
  readTimeoutSeconds: whole(1, 3600),
  ingress,
  gateway,
  istio,
});

const peer = z.strictObject({
  /** Namespace of the pods. */
  namespace: objectName,
  /** Their labels; empty: every pod of the namespace. */
  podLabels: labels,
});

/** Who may talk to the pods, and to whom they may talk. */
export const networkPolicySchema = z.strictObject({
  enabled: flag,
  /** Who may send requests: the ingress controller or gateway, and callers within the cluster. */
  clients: z.array(peer),
  /** Networks from which requests may come: load balancers that are no pods of the cluster. */
  clientNetworks: z.array(network),
  /** Who may read the metrics. */
  scrapers: z.array(peer),
  /** The cluster's name servers. */
  dns: z.array(peer),
  /** What else the pods may call. */
  outgoing: z.array(
    z.strictObject({
      ...peer.shape,
      /** TCP port that is called. */
      port: whole(1, 65_535),
    }),
  ),
});

/** Namespace of the deployment. */
export const namespaceSchema = z.strictObject({
  name: objectName,
  /** Whether the Namespace is part of the manifests. */
  create: flag,
  /** Pod Security level that is enforced. */
  podSecurity: oneOf('restricted', 'baseline', 'privileged'),
  /** Further labels. */
  labels,
});

/** Where traces go. */
export const tracingSchema = z.strictObject({
  enabled: flag,
  /** Address of an OpenTelemetry collector. */
  endpoint: text(
    /^https?:\/\/[^\s/:?#]+:\d+$/,
    'an address with a port, such as http://collector.observability:4318',
  ),
  /** The collector's pods, which the network policy lets through. */
  collector: peer,
});
