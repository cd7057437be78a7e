import type { WorkloadConfig } from '../../config/schema.ts';

/** How fast pods are added and removed, for a HorizontalPodAutoscaler, KEDA's included. */
export function scalingBehavior({ scaleUp, scaleDown }: WorkloadConfig['autoscaling']) {
  const rules = ({ pods, periodSeconds, stabilizationSeconds }: typeof scaleUp) => ({
    stabilizationWindowSeconds: stabilizationSeconds,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: pods, periodSeconds }],
  });
  return { scaleUp: rules(scaleUp), scaleDown: rules(scaleDown) };
}
