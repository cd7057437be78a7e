import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { canonicalNumber } from '../../config/fields.ts';
import { signalNames } from '../../monitoring/adapter-rules.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { deploymentName, objectMeta, trackName } from '../../workload/names.ts';
import { scalingBehavior } from './scaling-behavior.ts';

function podsMetric(name: string, target: number): k8s.MetricSpecV2 {
  return {
    type: 'Pods',
    pods: {
      metric: { name },
      target: { type: 'AverageValue', averageValue: k8s.Quantity.fromString(canonicalNumber(target)) },
    },
  };
}

/** Scales the stable version by a HorizontalPodAutoscaler; the signal that requires most pods decides. */
export class PodAutoscaler extends k8s.KubeHorizontalPodAutoscalerV2 {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { autoscaling } = context.workload;
    const { loadItems, requestsPerSecond, cpuPercent } = autoscaling.targets;
    const cpu: k8s.MetricSpecV2 = {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercent } },
    };
    const names = signalNames(context);
    super(scope, id, {
      metadata: objectMeta(context, trackName(context, 'stable')),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deploymentName(context, 'stable') },
        minReplicas: autoscaling.minReplicas,
        maxReplicas: autoscaling.maxReplicas,
        metrics: [
          ...(loadItems > 0 ? [podsMetric(names.load, loadItems)] : []),
          ...(requestsPerSecond > 0 ? [podsMetric(names.requests, requestsPerSecond)] : []),
          ...(cpuPercent > 0 ? [cpu] : []),
        ],
        behavior: scalingBehavior(autoscaling),
      },
    });
  }
}
