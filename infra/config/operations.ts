import { z } from 'zod';
import { decimal, flag, httpUrl, labels, memory, oneOf, whole } from './fields.ts';
import { imageSchema, modelSchema } from './compute.ts';
import { tracingSchema } from './network.ts';

const scalingStep = z.strictObject({
  /** Pods added or removed at most in a period. */
  pods: whole(1, 100),
  /** Length of the period. */
  periodSeconds: whole(1, 1800),
  /** How long the signal has to last. */
  stabilizationSeconds: whole(0, 3600),
});

/** How many pods there are. */
export const autoscalingSchema = z.strictObject({
  /** Who decides: nobody (`replicas` stays), a HorizontalPodAutoscaler, or KEDA. Never two for one workload. */
  by: oneOf('none', 'hpa', 'keda'),
  minReplicas: whole(1, 1000),
  maxReplicas: whole(1, 1000),
  /** What counts; the signal that asks for most pods wins. 0 leaves a signal out. */
  targets: z.strictObject({
    /** Accepted and unanswered items a pod: rises before the latency does. The signal to prefer. */
    loadItems: decimal(0, 100_000),
    /** Requests a second and pod: levels off once the pods are saturated, so it only helps others. */
    requestsPerSecond: decimal(0, 1_000_000),
    /** Share of the requested processors: of little meaning for a pod that computes on a GPU. */
    cpuPercent: whole(0, 1000),
  }),
  scaleUp: scalingStep,
  scaleDown: scalingStep,
  /** Metrics from Prometheus for the HorizontalPodAutoscaler. */
  adapter: z.strictObject({
    /** Whether the rules for prometheus-adapter are written, as the ConfigMap `<namespace>-adapter-rules`. */
    rules: flag,
  }),
  keda: z.strictObject({
    /** Address of Prometheus. */
    prometheusUrl: httpUrl,
    /** Seconds between two readings. */
    pollingSeconds: whole(1, 3600),
    /** Pods to fall back to when Prometheus does not answer. */
    fallbackReplicas: whole(1, 1000),
  }),
});

/** How many pods an eviction (a node drain, say) may take at once. */
export const disruptionSchema = z.strictObject({
  enabled: flag,
  maxUnavailable: whole(1, 1000),
});

/** A second version that gets a share of the traffic. */
export const canarySchema = z.strictObject({
  enabled: flag,
  image: imageSchema,
  /** Model of the canary; left out, the workload's. */
  model: modelSchema.optional(),
  /** Share of the traffic. */
  weightPercent: whole(1, 99),
  /** Pods of the canary: enough for its share. */
  replicas: whole(1, 1000),
});

/** What is promised; alerts fire when keeping the promise over 30 days is in danger. */
const objectives = z.strictObject({
  /** Share of requests that do not fail. */
  availabilityPercent: decimal(50, 99.99),
  /** Share of answers that come within `latencySeconds`. */
  latencyPercent: decimal(50, 99.99),
  /** Must be one of the bounds of the latency histogram's buckets. */
  latencySeconds: decimal(0.001, 3600),
});

const alerts = z.strictObject({
  /** Whether a PrometheusRule is written (needs the Prometheus operator's CRDs). */
  enabled: flag,
  /** Labels by which Prometheus selects rules. */
  labels,
  /** Address of docs/runbook.md as your people see it; the alert's name is added as the fragment. */
  runbookUrl: httpUrl,
  objectives,
  /** Share of the places in the queue in use at which it counts as saturated. */
  queueFullPercent: whole(1, 100),
  /** Engine restarts within 30 minutes from which on it is reported. */
  engineRestarts: whole(1, 1000),
  /** Memory of one GPU in use at which it is reported. */
  gpuMemory: memory,
});

/** What can be seen of the workload. */
export const observabilitySchema = z.strictObject({
  /** Whether the pods carry `prometheus.io/*` annotations, for a Prometheus without the operator. */
  scrapeAnnotations: flag,
  /** Which of the Prometheus operator's objects asks for the metrics. */
  monitor: oneOf('none', 'ServiceMonitor', 'PodMonitor'),
  /** Labels by which Prometheus selects monitors. */
  monitorLabels: labels,
  scrapeIntervalSeconds: whole(1, 300),
  alerts,
  dashboard: z.strictObject({
    /** Whether a Grafana dashboard is written, as a ConfigMap. */
    enabled: flag,
    /** Labels by which Grafana's sidecar finds it. */
    labels,
  }),
  tracing: tracingSchema,
});
