import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { serverContainer } from '../config/pod-settings.ts';
import { leastPods } from '../config/replicas.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { objectMeta, trackName, tracksOf, type Track } from '../workload/names.ts';
import { trackProps } from '../workload/track.ts';
import { podTemplate } from './pods/pod.ts';

/** Model format by which KServe checks that a ServingRuntime fits an InferenceService. */
const MODEL_FORMAT = { name: 'ofa-ve', version: '1' };

/** Fields of a pod that a ServingRuntime has. The InferenceService has the others. */
const RUNTIME_FIELDS = ['containers', 'volumes', 'nodeSelector', 'tolerations', 'imagePullSecrets'];

/**
 * A model with nothing to fetch. Without `storage`, KServe takes the server for one of many models and adds its agent,
 * which fetches them, to every pod (`IsMMSPredictor`); with a path in it, it would fetch that.
 */
const NOTHING_TO_FETCH = { storage: {} };

/** Annotation with what sets a Deployment's number of pods. */
const AUTOSCALER_CLASS = 'serving.kserve.io/autoscalerClass';

/** Fixed numbers of pods; the default would be a HorizontalPodAutoscaler on CPU use. */
const NO_AUTOSCALER = { [AUTOSCALER_CLASS]: 'none' };

/** The parts of a track's pod that belong to its ServingRuntime, or those that belong to the InferenceService. */
function podFields(context: WorkloadContext, track: Track, owner: 'runtime' | 'service') {
  const { spec } = podTemplate(context, trackProps(context, track));
  const isOfRuntime = (field: string) => RUNTIME_FIELDS.includes(field);
  return Object.fromEntries(
    Object.entries(spec ?? {}).filter(([field]) => isOfRuntime(field) === (owner === 'runtime')),
  );
}

function runtimeSpec(context: WorkloadContext, track: Track) {
  return {
    supportedModelFormats: [MODEL_FORMAT],
    protocolVersions: context.server.grpcPort === undefined ? ['v2'] : ['v2', 'grpc-v2'],
    ...podFields(context, track, 'runtime'),
  };
}

/** What runs as one track. */
function predictor(context: WorkloadContext, track: Track) {
  const { metadata } = podTemplate(context, trackProps(context, track));
  return {
    ...podFields(context, track, 'service'),
    labels: metadata?.labels,
    annotations: metadata?.annotations,
    model: {
      modelFormat: MODEL_FORMAT,
      runtime: trackName(context, track),
      protocolVersion: 'v2',
      ...NOTHING_TO_FETCH,
    },
  };
}

function stablePredictor(context: WorkloadContext) {
  const { canary, exposure, rollout } = context.workload;
  return {
    ...predictor(context, 'stable'),
    // KServe takes the canary's pods off this number, so it counts both.
    minReplicas: leastPods(context.workload) + (canary.enabled ? canary.replicas : 0),
    timeout: exposure.readTimeoutSeconds,
    deploymentStrategy: {
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: rollout.maxSurge, maxUnavailable: rollout.maxUnavailable },
    },
  };
}

function canaryEntry(context: WorkloadContext) {
  const { canary } = context.workload;
  const { annotations, model, ...fields } = predictor(context, 'canary');
  // KServe watches the ServingRuntime of the stable version alone: a change of the other must show in this object.
  const checksum = createHash('sha256')
    .update(JSON.stringify(runtimeSpec(context, 'canary')))
    .digest('hex');
  return {
    trafficPercent: canary.weightPercent,
    predictor: {
      name: 'canary',
      ...fields,
      // The definition requires a name here, which KServe gives to the container. KServe's webhook adds the resources,
      // and applying a list without them would replace it each time.
      model: { ...model, name: serverContainer(context.workload), resources: {} },
      annotations: { ...annotations, ...NO_AUTOSCALER, 'checksum/runtime': checksum.slice(0, 16) },
      minReplicas: canary.replicas,
    },
  };
}

/**
 * The tracks of a workload as an InferenceService in KServe's Standard mode (formerly RawDeployment), in which KServe
 * writes a Deployment and a Service for each, and a route where the configuration has none. That mode ignores
 * `canaryTrafficPercent`, which divides traffic between revisions of Knative: a canary is an entry of `canary`, with its
 * share as `trafficPercent`. KServe 0.20 starts its pods and reports the share, but routes no traffic to it.
 *
 * What KServe does with the fields is in pkg/controller/v1beta1/inferenceservice of its source. The objects are
 * ApiObjects for the reason that `ServerDeployment` gives: they contain pods with fields newer than Kubernetes 1.27.
 */
export class KserveWorkload extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { autoscaling, canary, exposure, name } = context.workload;
    for (const track of tracksOf(context)) {
      new ApiObject(this, `${track}-runtime`, {
        apiVersion: 'serving.kserve.io/v1alpha1',
        kind: 'ServingRuntime',
        metadata: objectMeta(context, trackName(context, track), { track }),
        spec: runtimeSpec(context, track),
      });
    }
    const isRouted = exposure.route !== 'none';
    new ApiObject(this, 'service', {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        // Else KServe would write a route beside that of the configuration, with the same name.
        ...objectMeta(context, name, isRouted ? { 'networking.kserve.io/visibility': 'cluster-local' } : {}),
        annotations: {
          'serving.kserve.io/deploymentMode': 'Standard',
          ...(autoscaling.by === 'none' ? NO_AUTOSCALER : { [AUTOSCALER_CLASS]: 'external' }),
        },
      },
      spec: {
        predictor: stablePredictor(context),
        ...(canary.enabled ? { canary: [canaryEntry(context)] } : {}),
      },
    });
  }
}
