import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { WorkloadConfig } from '../../config/schema.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { metricsPortName, objectMeta, PORT_NAMES, workloadSelector } from '../../workload/names.ts';

type Peer = WorkloadConfig['networkPolicy']['clients'][number];

const DNS_PORT = 53;

function peers(list: readonly Peer[]): k8s.NetworkPolicyPeer[] {
  return list.map(({ namespace, podLabels }) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    ...(Object.keys(podLabels).length > 0 ? { podSelector: { matchLabels: podLabels } } : {}),
  }));
}

/** A port by number or name. */
export function port(value: number | string, protocol = 'TCP'): k8s.NetworkPolicyPort {
  const target = typeof value === 'number' ? k8s.IntOrString.fromNumber(value) : k8s.IntOrString.fromString(value);
  return { port: target, protocol };
}

function incoming({ workload, server }: WorkloadContext): k8s.NetworkPolicyIngressRule[] {
  const { clients, clientNetworks, scrapers } = workload.networkPolicy;
  const ports = server.grpcPort === undefined ? [PORT_NAMES.http] : [PORT_NAMES.http, PORT_NAMES.grpc];
  const senders = [...peers(clients), ...clientNetworks.map((cidr) => ({ ipBlock: { cidr } }))];
  // An empty `from` would allow every sender.
  return [
    ...(senders.length > 0 ? [{ from: senders, ports: ports.map((name) => port(name)) }] : []),
    ...(scrapers.length > 0 ? [{ from: peers(scrapers), ports: [port(metricsPortName(server))] }] : []),
  ];
}

/** Policies see the port of the pods and not that of their Service. */
function nameServers(dns: WorkloadConfig['networkPolicy']['dns']): k8s.NetworkPolicyEgressRule[] {
  const numbers = new Set(dns.map(({ port: number = DNS_PORT }) => number));
  return [...numbers].map((number) => ({
    to: peers(dns.filter((each) => (each.port ?? DNS_PORT) === number)),
    ports: [port(number, 'UDP'), port(number)],
  }));
}

/** DNS, the configured destinations, and further ones. */
export function destinations(
  { dns, outgoing, outgoingNetworks }: WorkloadConfig['networkPolicy'],
  further: typeof outgoing = [],
): k8s.NetworkPolicyEgressRule[] {
  return [
    ...nameServers(dns),
    ...[...outgoing, ...further].map((peer) => ({
      to: peers([peer]),
      ports: [port(peer.port)],
    })),
    ...outgoingNetworks.map(({ network, port: number }) => ({
      to: [{ ipBlock: { cidr: network } }],
      ports: [port(number)],
    })),
  ];
}

function traceCollector({ observability }: WorkloadConfig) {
  const { enabled, endpoint, collector } = observability.tracing;
  return enabled ? [{ ...collector, port: Number(/\d+$/.exec(endpoint)?.[0]) }] : [];
}

/** Allows requests, scrapers and the configured destinations. The kubelet's probes are always allowed. */
export class TrafficPolicy extends k8s.KubeNetworkPolicy {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { workload } = context;
    const ingress = incoming(context);
    const egress = destinations(workload.networkPolicy, traceCollector(workload));
    super(scope, id, {
      metadata: objectMeta(context, workload.name),
      spec: {
        podSelector: { matchLabels: workloadSelector(context) },
        policyTypes: ['Ingress', 'Egress'],
        // The server drops empty lists; the types above forbid all the same.
        ...(ingress.length > 0 ? { ingress } : {}),
        ...(egress.length > 0 ? { egress } : {}),
      },
    });
  }
}
