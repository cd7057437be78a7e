import type { WorkloadConfig } from '../config/schema.ts';

/** How fast pods come and go, for the autoscaler and for KEDA, which hands it on. */
export function scalingBehavior({ scaleUp, scaleDown }: WorkloadConfig['autoscaling']) {
  const rules = ({ pods, periodSeconds, stabilizationSeconds }: typeof scaleUp) => ({
    stabilizationWindowSeconds: stabilizationSeconds,
    selectPolicy: 'Max',
    policies: [{ type: 'Pods', value: pods, periodSeconds }],
  });
  return { scaleUp: rules(scaleUp), scaleDown: rules(scaleDown) };
}
