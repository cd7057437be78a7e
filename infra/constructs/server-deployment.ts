import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IPodTemplateSpec } from 'kubernetes-models/v1';
import { podLabels, trackName, trackSelector, workloadLabels } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { podSpec, SERVER_CONTAINER } from './pod.ts';
import type { TrackProps } from './pod.ts';

/** See {@link ServerDeployment}. */
export interface ServerDeploymentProps extends TrackProps {
  /** Number of pods; left out where an autoscaler decides, as applying the manifest would reset its work. */
  readonly replicas?: number;
}

function scrapeAnnotations(context: WorkloadContext): Record<string, string> {
  const { workload, server } = context;
  if (!workload.observability.scrapeAnnotations) return {};
  return {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': String(server.ports.admin),
    'prometheus.io/path': server.paths.metrics,
  };
}

function podTemplate(context: WorkloadContext, props: TrackProps): IPodTemplateSpec {
  const annotations = {
    'kubectl.kubernetes.io/default-container': SERVER_CONTAINER,
    ...scrapeAnnotations(context),
  };
  return {
    metadata: { annotations, labels: podLabels(context, props.track, props.image.reference) },
    spec: podSpec(context, props),
  };
}

/**
 * The Deployment of one track. A plain object, typed by the newest schema: the classes of cdk8s-plus-27 drop the
 * sleep action, image volumes and device claims.
 */
export class ServerDeployment extends Construct {
  readonly deployment: ApiObject;

  constructor(scope: Construct, id: string, context: WorkloadContext, props: ServerDeploymentProps) {
    super(scope, id);
    const { rollout, probes } = context.workload;
    const manifest: IDeployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: trackName(context, props.track),
        namespace: context.namespace,
        labels: { ...workloadLabels(context), track: props.track },
      },
      spec: {
        ...(props.replicas === undefined ? {} : { replicas: props.replicas }),
        revisionHistoryLimit: rollout.revisionHistoryLimit,
        minReadySeconds: rollout.minReadySeconds,
        // Kubernetes calls a rollout failed after this long without a new ready pod: a cold node needs all of it.
        progressDeadlineSeconds:
          rollout.imagePullSeconds + probes.startup.budgetSeconds + rollout.minReadySeconds + 60,
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxSurge: rollout.maxSurge, maxUnavailable: rollout.maxUnavailable },
        },
        selector: { matchLabels: trackSelector(context, props.track) },
        template: podTemplate(context, props),
      },
    };
    this.deployment = new ApiObject(this, 'deployment', manifest);
  }
}
