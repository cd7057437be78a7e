import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { BackfillConfig } from '../../config/backfills.ts';
import { backfillMeta, backfillSelector } from '../../workload/backfill-names.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { destinations, port } from '../traffic/traffic-policy.ts';

const HTTPS_PORT = 443;

/** Port of the object store. */
function storePort(endpoint: string | undefined): number {
  if (endpoint === undefined) return HTTPS_PORT;
  const url = new URL(endpoint);
  return Number(url.port) || (url.protocol === 'https:' ? HTTPS_PORT : 80);
}

/** Nodes mount a volume, not its pods; the addresses of an object store are not known, only its port. */
function storage({ storage: its }: BackfillConfig): k8s.NetworkPolicyEgressRule[] {
  return its.kind === 's3' ? [{ ports: [port(storePort(its.endpoint))] }] : [];
}

/** Lets the pods of a backfill connect to their object store and the configured destinations, and nobody to them. */
export class BackfillTraffic extends k8s.KubeNetworkPolicy {
  constructor(scope: Construct, id: string, context: WorkloadContext, backfill: BackfillConfig) {
    const egress = [...destinations(context.workload.networkPolicy), ...storage(backfill)];
    super(scope, id, {
      metadata: backfillMeta(context, backfill),
      spec: {
        podSelector: { matchLabels: backfillSelector(context, backfill) },
        policyTypes: ['Ingress', 'Egress'],
        ...(egress.length > 0 ? { egress } : {}),
      },
    });
  }
}
