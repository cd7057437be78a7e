import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import { startSeconds, type WorkloadContext } from '../workload/context.ts';
import { objectMeta, trackName, trackSelector } from '../workload/names.ts';
import type { TrackProps } from '../workload/track.ts';
import { podTemplate } from './pods/pod.ts';

/** See {@link ServerDeployment}. */
export interface ServerDeploymentProps extends TrackProps {
  /** Number of pods. Left out with an autoscaler, whose number applying the manifest would reset. */
  readonly replicas?: number;
}

/**
 * The Deployment of one track.
 *
 * Why this is an ApiObject with the types of kubernetes-models, while most built-in objects use the classes `k8s.Kube*`
 * of cdk8s-plus-27: those classes are generated from the schema of Kubernetes 1.27 and drop every field that they do
 * not know, and the pod needs newer ones: the sleep action (1.30), image volumes (1.33) and device claims (1.34). The
 * ResourceClaimTemplate is an ApiObject too, as its kind is newer than 1.27. Everything else fits the schema of 1.27,
 * for which the classes do more: they convert quantities and ports, and know the API version of each kind.
 */
export class ServerDeployment extends ApiObject {
  constructor(scope: Construct, id: string, context: WorkloadContext, props: ServerDeploymentProps) {
    const { rollout } = context.workload;
    const manifest: IDeployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: objectMeta(context, trackName(context, props.track), { track: props.track }),
      spec: {
        ...(props.replicas === undefined ? {} : { replicas: props.replicas }),
        revisionHistoryLimit: rollout.revisionHistoryLimit,
        // The server drops a zero, which applying the manifest would then add each time.
        ...(rollout.minReadySeconds === 0 ? {} : { minReadySeconds: rollout.minReadySeconds }),
        // Without a new ready pod for this long, a rollout counts as failed. A cold node needs all of it.
        progressDeadlineSeconds: startSeconds(context.workload),
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxSurge: rollout.maxSurge, maxUnavailable: rollout.maxUnavailable },
        },
        selector: { matchLabels: trackSelector(context, props.track) },
        template: podTemplate(context, props),
      },
    };
    super(scope, id, manifest);
  }
}
