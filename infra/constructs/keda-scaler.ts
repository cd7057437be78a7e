import { Construct } from 'constructs';
import { ScaledObject } from '../../imports/keda.sh.ts';
import type { ScaledObjectSpecTriggers } from '../../imports/keda.sh.ts';
import { trackName, workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { WorkloadQueries } from '../monitoring/queries.ts';
import { scalingBehavior } from './scaling-behavior.ts';

/** Readings that may fail in a row before the fallback takes over. */
const FAILURES_BEFORE_FALLBACK = 3;

function triggers(context: WorkloadContext): ScaledObjectSpecTriggers[] {
  const { autoscaling } = context.workload;
  const { loadItems, requestsPerSecond, cpuPercent } = autoscaling.targets;
  const queries = new WorkloadQueries(context);
  const prometheus = (name: string, query: string, target: number): ScaledObjectSpecTriggers => ({
    type: 'prometheus',
    name,
    // The target is for a pod, the query for all of them: KEDA divides.
    metricType: 'AverageValue',
    metadata: { serverAddress: autoscaling.keda.prometheusUrl, query, threshold: String(target) },
  });
  return [
    ...(loadItems > 0 ? [prometheus('load-items', queries.load(), loadItems)] : []),
    ...(requestsPerSecond > 0
      ? [prometheus('requests-per-second', queries.requestRate('2m'), requestsPerSecond)]
      : []),
    ...(cpuPercent > 0
      ? [{ type: 'cpu', metricType: 'Utilization', metadata: { value: String(cpuPercent) } }]
      : []),
  ];
}

/** Scales the stable version by KEDA, which reads Prometheus itself and makes the autoscaler. */
export class KedaScaler extends Construct {
  readonly scaledObject: ScaledObject;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { autoscaling } = context.workload;
    const name = trackName(context, 'stable');
    this.scaledObject = new ScaledObject(this, 'scaled-object', {
      metadata: { name, namespace: context.namespace, labels: workloadLabels(context) },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        pollingInterval: autoscaling.keda.pollingSeconds,
        minReplicaCount: autoscaling.minReplicas,
        maxReplicaCount: autoscaling.maxReplicas,
        fallback: {
          failureThreshold: FAILURES_BEFORE_FALLBACK,
          replicas: autoscaling.keda.fallbackReplicas,
        },
        advanced: { horizontalPodAutoscalerConfig: { name, behavior: scalingBehavior(autoscaling) } },
        triggers: triggers(context),
      },
    });
  }
}
