import { z } from 'zod';
import {
  decimal,
  field,
  flag,
  httpUrl,
  imageReference,
  isInThousandths,
  memory,
  objectName,
  oneOf,
  whole,
} from './fields.ts';
import { labels } from './maps.ts';
import { imageSchema, modelSchema } from './compute.ts';
import { tracingSchema } from './network.ts';

const scalingStep = z.strictObject({
  /** Most pods added or removed per period. @default 2 up, 1 down */
  pods: whole(1, 100),
  /** Length of the period. @default 60 up, 180 down */
  periodSeconds: whole(1, 1800),
  /** Seconds for which the signal must last. @default 0 up, 600 down */
  stabilizationSeconds: whole(0, 3600),
});

/** A value that a metric should have in each pod. The autoscaler stores thousandths. */
function metricTarget(max: number) {
  return field<number>(
    (value) => typeof value === 'number' && value >= 0 && value <= max && isInThousandths(value),
    `a number from 0 to ${max} with at most three decimals`,
  );
}

export const autoscalingSchema = z.strictObject({
  /** What sets the number of pods: `replicas`, a HorizontalPodAutoscaler, or KEDA. @default hpa */
  by: oneOf('none', 'hpa', 'keda'),
  /** Fewest pods. @default 2 */
  minReplicas: whole(1, 1000),
  /** Most pods. @default 6 */
  maxReplicas: whole(1, 1000),
  /** Targets per pod; the signal that requires most pods decides, and 0 disables a signal. */
  targets: z.strictObject({
    /** Accepted and unanswered items per pod. Prefer it: it rises before the latency does. @default 8 */
    loadItems: metricTarget(100_000),
    /** Requests per second and pod. It levels off once pods are saturated, so use it beside another. @default 0 */
    requestsPerSecond: metricTarget(1_000_000),
    /** CPU use in percent of the request. It says little about a pod that computes on a GPU. @default 0 */
    cpuPercent: whole(0, 1000),
  }),
  /** How fast pods are added. */
  scaleUp: scalingStep,
  /** How fast pods are removed. */
  scaleDown: scalingStep,
  /** Metrics from Prometheus for the HorizontalPodAutoscaler. */
  adapter: z.strictObject({
    /** Whether prometheus-adapter's rules are written, as the ConfigMap `<namespace>-adapter-rules`. @default true */
    rules: flag,
  }),
  /** Used when KEDA scales. */
  keda: z.strictObject({
    /** Address of Prometheus. @default http://prometheus.monitoring:9090 */
    prometheusUrl: httpUrl,
    /** Seconds between two readings. @default 15 */
    pollingSeconds: whole(1, 3600),
    /** Fewest pods while Prometheus does not answer or has no data; if there are more, they stay. @default 3 */
    fallbackReplicas: whole(1, 1000),
  }),
});

export const disruptionSchema = z.strictObject({
  /** Whether a PodDisruptionBudget is written. @default true */
  enabled: flag,
  /** Most pods that may be evicted at once. @default 1 */
  maxUnavailable: whole(1, 1000),
});

const canaryImage = z.strictObject({
  /** Registry, repository and tag or digest. */
  reference: imageReference,
  /** When the node pulls the image. @default that of the workload's image */
  pullPolicy: imageSchema.shape.pullPolicy.optional(),
  /** Names of Secrets with the registry's credentials. @default those of the workload's image */
  pullSecrets: imageSchema.shape.pullSecrets.optional(),
});

export const canarySchema = z.strictObject({
  /** Whether a canary runs. @default false */
  enabled: flag,
  /** Image of the canary. @default the same as the stable version with the tag 1.1 */
  image: canaryImage,
  /** Model of the canary. @default the workload's */
  model: modelSchema.optional(),
  /** Share of the traffic; 0 while the canary starts. @default 10 */
  weightPercent: whole(0, 99),
  /** Pods of the canary; it is not scaled, so they must suffice for its share. @default 1 */
  replicas: whole(1, 1000),
  /**
   * PriorityClass of the canary's pods, lower than that of the stable ones, which can then always have its GPUs.
   *
   * @default one of its own, with the priority -1
   */
  priorityClassName: objectName.optional(),
});

const objectives = z.strictObject({
  /** Share of requests that do not fail. @default 99.5 */
  availabilityPercent: decimal(50, 99.99),
  /** Share of answers that take no longer than `latencySeconds`. @default 99 */
  latencyPercent: decimal(50, 99.99),
  /** Latency in seconds; it must be the bound of one of the histogram's buckets. @default 2.5 */
  latencySeconds: decimal(0.001, 3600),
});

const alerts = z.strictObject({
  /** Whether a PrometheusRule is written (needs the Prometheus operator's CRDs). @default false */
  enabled: flag,
  /** Labels by which Prometheus selects rules. @default { release: 'prometheus' } */
  labels,
  /**
   * Address of docs/runbook.md where your people can read it; the alert's name is added as the fragment.
   *
   * @default https://git.example.com/ai/ofa-ve/docs/runbook.md
   */
  runbookUrl: httpUrl,
  /** Service level objectives; alerts fire when the error budget of 30 days is spent too fast. */
  objectives,
  /** Share of the queue's slots in use from which on the queue counts as saturated. @default 80 */
  queueFullPercent: whole(1, 100),
  /** Engine restarts within 30 minutes from which on an alert fires. @default 3 */
  engineRestarts: whole(1, 1000),
  /** Memory in use on one GPU above which an alert fires. @default 14Gi */
  gpuMemory: memory,
});

export const observabilitySchema = z.strictObject({
  /**
   * Whether pods have `prometheus.io/*` annotations, for a Prometheus without the operator. One that reads them beside
   * `monitor` counts each pod twice.
   *
   * @default true
   */
  scrapeAnnotations: flag,
  /** The Prometheus operator's object that has the metrics scraped. @default none */
  monitor: oneOf('none', 'ServiceMonitor', 'PodMonitor'),
  /** Labels by which Prometheus selects monitors. @default { release: 'prometheus' } */
  monitorLabels: labels,
  /** Seconds between two scrapes. @default 15 */
  scrapeIntervalSeconds: whole(1, 300),
  /** Alerts on objectives, capacity and engines. */
  alerts,
  /** Grafana dashboard. */
  dashboard: z.strictObject({
    /** Whether a dashboard is written, as a ConfigMap. @default true */
    enabled: flag,
    /** Labels by which Grafana's sidecar finds the ConfigMap. @default { grafana_dashboard: '1' } */
    labels,
  }),
  /** OpenTelemetry traces. */
  tracing: tracingSchema,
});
