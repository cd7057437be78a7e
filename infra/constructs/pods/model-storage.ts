import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { canonicalMemory } from '../../config/fields.ts';
import type { ModelConfig } from '../../config/schema.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { objectMeta } from '../../workload/names.ts';
import { claimName } from './volumes.ts';

/** Claim of the volume that holds the models; that of a canary has its own folder beside the stable one. */
export class ModelStorage extends k8s.KubePersistentVolumeClaim {
  constructor(
    scope: Construct,
    id: string,
    context: WorkloadContext,
    { size, accessMode, storageClassName }: Extract<ModelConfig['source'], { kind: 'claim' }>,
  ) {
    super(scope, id, {
      metadata: objectMeta(context, claimName(context)),
      spec: {
        accessModes: [accessMode],
        ...(storageClassName === undefined ? {} : { storageClassName }),
        resources: { requests: { storage: k8s.Quantity.fromString(canonicalMemory(size)) } },
      },
    });
  }
}
