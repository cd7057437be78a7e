import { z } from 'zod';
import { backfillSchema } from './backfills.ts';
import {
  gpuSchema,
  imageSchema,
  modelSchema,
  probesSchema,
  resourcesSchema,
  rolloutSchema,
  schedulingSchema,
  securitySchema,
  shutdownSchema,
} from './compute.ts';
import { field, KUBERNETES_VERSIONS, shortName, whole, type KubernetesVersion } from './fields.ts';
import { kserveSchema } from './kserve.ts';
import { exposureSchema, namespaceSchema, networkPolicySchema } from './network.ts';
import { autoscalingSchema, canarySchema, disruptionSchema, observabilitySchema } from './operations.ts';
import { podSchema, serviceAccountSchema } from './pod.ts';
import { serverSchema } from './server.ts';

/**
 * One model behind one address. The comment of a field gives its default in infra/config.ts; without one, the field
 * must be set where it is used.
 */
export const workloadSchema = z.strictObject({
  /** Name of the Deployment, and prefix of the names of all objects around it. @default ofa-ve */
  name: shortName,
  /** Container image of the server. */
  image: imageSchema,
  /** What runs in the container. */
  server: serverSchema,
  /** Where the model comes from and how much memory it needs. */
  model: modelSchema,
  /**
   * Number of pods where `autoscaling.by` is none, and only there: an autoscaler has the bounds
   * `autoscaling.minReplicas` and `autoscaling.maxReplicas`.
   */
  replicas: whole(1, 1000).optional(),
  /** Accelerator of each pod. */
  gpu: gpuSchema,
  /** CPU, memory and disk of each pod. */
  resources: resourcesSchema,
  /** How the kubelet checks a pod. Paths and ports follow from the server. */
  probes: probesSchema,
  /** How a pod ends. The grace period is `preStopSeconds`, the server's own shutdown time and `marginSeconds`. */
  shutdown: shutdownSchema,
  /** How one version replaces another. */
  rollout: rolloutSchema,
  /** Which nodes run the pods, besides those that have the GPU, and how the pods are spread over them. */
  scheduling: schedulingSchema,
  /** As whom the process runs. */
  security: securitySchema,
  /** What is added to the pods. */
  pod: podSchema,
  /** The identity of the pods. They get no token for the cluster's API. */
  serviceAccount: serviceAccountSchema,
  /** How clients reach the service. */
  exposure: exposureSchema,
  /** KServe, which can run the pods. */
  kserve: kserveSchema,
  /** How many pods there are. */
  autoscaling: autoscalingSchema,
  /** How many pods a node drain or another eviction may take at once. */
  disruption: disruptionSchema,
  /** Who may connect to the pods, and where the pods may connect to. */
  networkPolicy: networkPolicySchema,
  /** Metrics, alerts, dashboard and traces. */
  observability: observabilitySchema,
  /** A second version that gets a share of the traffic. */
  canary: canarySchema,
  /** Runs over many rows, as Jobs on the same nodes with the same image and model. @default [] */
  backfills: z.array(backfillSchema),
});

/** Everything that is deployed. */
export const deploymentSchema = z.strictObject({
  /** Version of the cluster, which decides which features are used; manifests run on later ones too. @default 1.27 */
  kubernetesVersion: field<KubernetesVersion>(
    (value) => (KUBERNETES_VERSIONS as readonly unknown[]).includes(value),
    `one of ${KUBERNETES_VERSIONS.join(', ')}`,
  ),
  /** Namespace of the deployment. */
  namespace: namespaceSchema,
  /** The models, each behind an address of its own. */
  workloads: z.array(workloadSchema).min(1, 'a list of at least one workload'),
});

/** The one object that describes a deployment. */
export type DeploymentConfig = z.infer<typeof deploymentSchema>;
/** See {@link workloadSchema}. */
export type WorkloadConfig = z.infer<typeof workloadSchema>;
/** Accelerator of a pod. */
export type GpuConfig = z.infer<typeof gpuSchema>;
/** A model: where its package is and how much memory it needs. */
export type ModelConfig = z.infer<typeof modelSchema>;
/** A container image. */
export type ImageConfig = z.infer<typeof imageSchema>;
/** How clients reach a workload. */
export type ExposureConfig = z.infer<typeof exposureSchema>;
