import { z } from 'zod';
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
import { field, KUBERNETES_VERSIONS, shortName, whole } from './fields.ts';
import type { KubernetesVersion } from './fields.ts';
import { exposureSchema, namespaceSchema, networkPolicySchema } from './network.ts';
import { autoscalingSchema, canarySchema, disruptionSchema, observabilitySchema } from './operations.ts';
import { serverSchema } from './server.ts';

/** One model behind one address. Its objects carry its name. */
export const workloadSchema = z.strictObject({
  /** Name of the Deployment and prefix of everything around it. */
  name: shortName,
  image: imageSchema,
  server: serverSchema,
  model: modelSchema,
  /** Number of pods where nothing scales them. */
  replicas: whole(1, 1000),
  gpu: gpuSchema,
  resources: resourcesSchema,
  probes: probesSchema,
  shutdown: shutdownSchema,
  rollout: rolloutSchema,
  scheduling: schedulingSchema,
  security: securitySchema,
  exposure: exposureSchema,
  autoscaling: autoscalingSchema,
  disruption: disruptionSchema,
  networkPolicy: networkPolicySchema,
  observability: observabilitySchema,
  canary: canarySchema,
});

/** Everything that is deployed. */
export const deploymentSchema = z.strictObject({
  /** Version of the cluster, which decides what may be used; the oldest gives manifests that any cluster takes. */
  kubernetesVersion: field<KubernetesVersion>(
    (value) => (KUBERNETES_VERSIONS as readonly unknown[]).includes(value),
    `one of ${KUBERNETES_VERSIONS.join(', ')}`,
  ),
  namespace: namespaceSchema,
  workloads: z.array(workloadSchema).min(1, 'a list of at least one workload'),
});

/** The one object that describes a deployment. */
export type DeploymentConfig = z.infer<typeof deploymentSchema>;
/** See {@link workloadSchema}. */
export type WorkloadConfig = z.infer<typeof workloadSchema>;
/** See {@link gpuSchema}. */
export type GpuConfig = z.infer<typeof gpuSchema>;
/** See {@link modelSchema}. */
export type ModelConfig = z.infer<typeof modelSchema>;
/** See {@link imageSchema}. */
export type ImageConfig = z.infer<typeof imageSchema>;
/** See {@link exposureSchema}. */
export type ExposureConfig = z.infer<typeof exposureSchema>;
