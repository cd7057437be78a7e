import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { claimName } from './volumes.ts';

/** The claim on a volume that holds the models; a canary's model goes into a folder of its own beside the stable one. */
export class ModelStorage extends Construct {
  readonly claim: k8s.KubePersistentVolumeClaim;

  constructor(
    scope: Construct,
    id: string,
    context: WorkloadContext,
    {
      size,
      accessMode,
      storageClassName,
    }: { size: string; accessMode: string; storageClassName?: string | undefined },
  ) {
    super(scope, id);
    this.claim = new k8s.KubePersistentVolumeClaim(this, 'claim', {
      metadata: { name: claimName(context), namespace: context.namespace, labels: workloadLabels(context) },
      spec: {
        accessModes: [accessMode],
        ...(storageClassName === undefined ? {} : { storageClassName }),
        resources: { requests: { storage: k8s.Quantity.fromString(size) } },
      },
    });
  }
}
