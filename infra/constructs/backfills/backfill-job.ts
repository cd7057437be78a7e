import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { IJob, IJobSpec } from 'kubernetes-models/batch/v1';
import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { EXIT } from '../../../model/errors.ts';
import {
  BATCH_CONTAINER,
  DATA_FOLDER,
  DATA_VOLUME,
  storageVariables,
  type BackfillConfig,
} from '../../config/backfills.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { backfillLabels, backfillMeta } from '../../workload/backfill-names.ts';
import { versionOf } from '../../workload/names.ts';
import { batchVariables, variables, withoutExpansion } from '../pods/environment-variables.ts';
import { basePod, containerResources, securityContext } from '../pods/pod.ts';
import { mountsOf, podVolumes, type Mounted } from '../pods/volumes.ts';

/** Evictions, such as those for a pod of the service, cost no retry; what no retry can mend ends the Job. */
const FAILURE_POLICY: NonNullable<IJobSpec['podFailurePolicy']> = {
  rules: [
    // The server fills in the status, which applying the manifest would then remove each time.
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    // Wrong options and settings fail in every shard alike.
    { action: 'FailJob', onExitCodes: { containerName: BATCH_CONTAINER, operator: 'In', values: [EXIT.usage] } },
  ],
};

function dataVolume({ storage }: BackfillConfig): Mounted[] {
  return storage.kind === 'claim'
    ? [
        {
          volume: { name: DATA_VOLUME, persistentVolumeClaim: { claimName: storage.claimName } },
          mountPath: DATA_FOLDER,
        },
      ]
    : [];
}

function argumentsOf({ input, images, output, texts, options, completions }: BackfillConfig): string[] {
  return [
    'batch',
    ...['--input', input, '--output', output],
    ...(images === undefined ? [] : ['--images', images]),
    ...texts.flatMap((text) => ['--text', text]),
    ...['--shards', String(completions), '--allow-failures'],
    ...options,
  ].map(withoutExpansion);
}

/** @param priorityClassName that of a pod whose backfill names none */
function jobPod(context: WorkloadContext, backfill: BackfillConfig, priorityClassName: string): IPodSpec {
  const { image, model } = context.workload;
  const volumes = podVolumes(context, model, dataVolume(backfill));
  const container: IContainer = {
    name: BATCH_CONTAINER,
    image: image.reference,
    imagePullPolicy: image.pullPolicy,
    args: argumentsOf(backfill),
    env: [...batchVariables(context), ...variables(storageVariables(backfill))],
    resources: containerResources(context),
    securityContext: securityContext(context),
    volumeMounts: mountsOf(volumes),
  };
  return {
    ...basePod(context, { image, model }, container),
    priorityClassName: backfill.priorityClassName ?? priorityClassName,
    restartPolicy: 'Never',
    volumes: volumes.map(({ volume }) => volume),
  };
}

/** A backfill as an Indexed Job: each index is a shard of `ofa-ve batch`, which goes on where a pod before it stopped. */
export class BackfillJob extends ApiObject {
  constructor(
    scope: Construct,
    id: string,
    context: WorkloadContext,
    backfill: BackfillConfig,
    priorityClassName: string,
  ) {
    const { queueName, suspend, completions, parallelism, backoffLimitPerIndex, ttlSecondsAfterFinished } = backfill;
    const { labels, annotations } = context.workload.pod;
    const queue = queueName === undefined ? {} : { 'kueue.x-k8s.io/queue-name': queueName };
    const manifest: IJob = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: backfillMeta(context, backfill, queue),
      spec: {
        completionMode: 'Indexed',
        completions,
        parallelism,
        backoffLimitPerIndex,
        podFailurePolicy: FAILURE_POLICY,
        ttlSecondsAfterFinished,
        ...(suspend ? { suspend } : {}),
        template: {
          metadata: {
            ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
            labels: {
              ...backfillLabels(context, backfill),
              'app.kubernetes.io/version': versionOf(context.workload.image.reference),
              ...labels,
            },
          },
          spec: jobPod(context, backfill, priorityClassName),
        },
      },
    };
    super(scope, id, manifest);
  }
}
