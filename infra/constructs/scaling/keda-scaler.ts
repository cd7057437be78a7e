import type { Construct } from 'constructs';
import { ScaledObject, type ScaledObjectSpec, type ScaledObjectSpecTriggers } from '../../../imports/keda.sh.ts';
import { WorkloadQueries } from '../../monitoring/queries.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { deploymentName, objectMeta, trackName } from '../../workload/names.ts';
import { scalingBehavior } from './scaling-behavior.ts';

/** Consecutive failed readings after which the fallback applies. */
const FAILURES_BEFORE_FALLBACK = 3;

function triggers(context: WorkloadContext): ScaledObjectSpecTriggers[] {
  const { autoscaling } = context.workload;
  const { loadItems, requestsPerSecond, cpuPercent } = autoscaling.targets;
  const queries = new WorkloadQueries(context);
  const prometheus = (name: string, query: string, target: number): ScaledObjectSpecTriggers => ({
    type: 'prometheus',
    name,
    // The target is per pod and the query is the sum of all pods: KEDA divides.
    metricType: 'AverageValue',
    metadata: {
      serverAddress: autoscaling.keda.prometheusUrl,
      query,
      threshold: String(target),
      // An empty answer is a failure, after which the fallback applies; KEDA would take it for 0.
      ignoreNullValues: 'false',
    },
  });
  return [
    ...(loadItems > 0 ? [prometheus('load-items', queries.load(), loadItems)] : []),
    ...(requestsPerSecond > 0 ? [prometheus('requests-per-second', queries.scalingRate(), requestsPerSecond)] : []),
    ...(cpuPercent > 0 ? [{ type: 'cpu', metricType: 'Utilization', metadata: { value: String(cpuPercent) } }] : []),
  ];
}

/** KEDA refuses a fallback where no trigger but the CPU's can fail. */
function fallback({ workload: { autoscaling } }: WorkloadContext): Pick<ScaledObjectSpec, 'fallback'> {
  const { loadItems, requestsPerSecond } = autoscaling.targets;
  if (loadItems === 0 && requestsPerSecond === 0) return {};
  return {
    fallback: {
      failureThreshold: FAILURES_BEFORE_FALLBACK,
      replicas: autoscaling.keda.fallbackReplicas,
      // Never fewer pods than there are, since the load may be high while Prometheus is away. Since KEDA 2.17.
      behavior: 'currentReplicasIfHigher',
    },
  };
}

/** Scales the stable version by KEDA, which queries Prometheus itself and creates the autoscaler. */
export class KedaScaler extends ScaledObject {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { autoscaling } = context.workload;
    const name = trackName(context, 'stable');
    super(scope, id, {
      metadata: {
        ...objectMeta(context, name),
        // KEDA takes over a HorizontalPodAutoscaler of the name given below; else it refuses to scale beside it.
        annotations: { 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' },
      },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deploymentName(context, 'stable') },
        pollingInterval: autoscaling.keda.pollingSeconds,
        minReplicaCount: autoscaling.minReplicas,
        maxReplicaCount: autoscaling.maxReplicas,
        ...fallback(context),
        advanced: { horizontalPodAutoscalerConfig: { name, behavior: scalingBehavior(autoscaling) } },
        triggers: triggers(context),
      },
    });
  }
}
