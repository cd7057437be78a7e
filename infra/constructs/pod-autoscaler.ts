import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { signalNames } from './adapter-rules.ts';
import { trackName, workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { scalingBehavior } from './scaling-behavior.ts';

/** A number of any size as the autoscaler takes it: thousandths, as quantities know no fractions of items. */
function averageValue(value: number): k8s.Quantity {
  return k8s.Quantity.fromString(Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`);
}

function podsMetric(name: string, target: number): k8s.MetricSpecV2 {
  return {
    type: 'Pods',
    pods: { metric: { name }, target: { type: 'AverageValue', averageValue: averageValue(target) } },
  };
}

function cpuMetric(percent: number): k8s.MetricSpecV2 {
  return {
    type: 'Resource',
    resource: {
      name: 'cpu',
      target: { type: 'Utilization', averageUtilization: percent },
    },
  };
}

/** Scales the stable version. The signal that asks for most pods wins. */
export class PodAutoscaler extends Construct {
  readonly autoscaler: k8s.KubeHorizontalPodAutoscalerV2;

  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { autoscaling } = context.workload;
    const { loadItems, requestsPerSecond, cpuPercent } = autoscaling.targets;
    const names = signalNames(context);
    const name = trackName(context, 'stable');
    this.autoscaler = new k8s.KubeHorizontalPodAutoscalerV2(this, 'autoscaler', {
      metadata: { name, namespace: context.namespace, labels: workloadLabels(context) },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas: autoscaling.minReplicas,
        maxReplicas: autoscaling.maxReplicas,
        metrics: [
          ...(loadItems > 0 ? [podsMetric(names.load, loadItems)] : []),
          ...(requestsPerSecond > 0 ? [podsMetric(names.requests, requestsPerSecond)] : []),
          ...(cpuPercent > 0 ? [cpuMetric(cpuPercent)] : []),
        ],
        behavior: scalingBehavior(autoscaling),
      },
    });
  }
}
