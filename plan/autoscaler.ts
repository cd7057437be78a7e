/**
 * The decisions of a HorizontalPodAutoscaler with metrics per pod, after pkg/controller/podautoscaler of Kubernetes:
 * `calcPlainMetricReplicas`, `computeReplicasForMetrics` and `normalizeDesiredReplicasWithBehaviors`.
 */

/** How fast pods are added or removed. */
export interface ScalingStep {
  /** Most pods per period. */
  readonly pods: number;
  readonly periodSeconds: number;
  /** Seconds for which the signal must last. */
  readonly stabilizationSeconds: number;
}

export interface ScalingRules {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly scaleUp: ScalingStep;
  readonly scaleDown: ScalingStep;
}

/** A pod as the autoscaler sees it. Pods that are being deleted are left out. */
export interface PodReading {
  /** Whether the pod has not begun to run: no node, or its image is being pulled. */
  readonly pending: boolean;
  /** Value of the metric; undefined if there is none. */
  readonly value: number | undefined;
}

/** A metric, its target per pod, and its readings; undefined if the metrics API does not answer. */
export interface MetricReading {
  readonly target: number;
  readonly pods: readonly PodReading[] | undefined;
}

/** Share by which a metric may differ from its target without consequences. */
const TOLERANCE = 0.1;

/** Seconds between two decisions, `--horizontal-pod-autoscaler-sync-period`. */
export const SYNC_SECONDS = 15;

/** Metrics are compared in thousandths, whole numbers. */
const milli = (value: number): number => Math.ceil(value * 1000);

/**
 * Number of pods that a metric asks for.
 *
 * @returns undefined if there is no reading to decide by
 */
export function desiredByMetric({ target, pods }: MetricReading, currentReplicas: number): number | undefined {
  const started = (pods ?? []).filter(({ pending }) => !pending);
  const values = started.flatMap(({ value }) => (value === undefined ? [] : [milli(value)]));
  if (values.length === 0) return undefined;
  const ratioOf = (all: readonly number[]): number =>
    Math.floor(all.reduce((sum, value) => sum + value, 0) / all.length) / milli(target);
  const ratio = ratioOf(values);
  const missing = started.length - values.length;
  const pending = ratio > 1 ? (pods ?? []).length - started.length : 0;
  // Cautious: pods without a value count as idle when pods would be added, and as on target when they would be removed.
  const assumed = ratio < 1 ? milli(target) : 0;
  const all = [
    ...values,
    ...Array.from({ length: missing }, () => assumed),
    ...Array.from({ length: pending }, () => 0),
  ];
  const cautious = ratioOf(all);
  const turned = (ratio < 1 && cautious > 1) || (ratio > 1 && cautious < 1);
  return Math.abs(1 - cautious) <= TOLERANCE || turned ? currentReplicas : Math.ceil(cautious * all.length);
}

/** Number of pods that all metrics together ask for; undefined if the autoscaler does not act. */
export function desiredReplicas(metrics: readonly MetricReading[], currentReplicas: number): number | undefined {
  const proposals = metrics.map((metric) => desiredByMetric(metric, currentReplicas));
  const valid = proposals.filter((proposal) => proposal !== undefined);
  if (valid.length === 0) return undefined;
  const most = Math.max(...valid);
  // While a metric cannot be read, pods are added by the others, but none is removed.
  return valid.length < proposals.length && most < currentReplicas ? undefined : most;
}

interface Timed {
  readonly at: number;
  readonly count: number;
}

/** Keeps what a HorizontalPodAutoscaler remembers: its recommendations, and how many pods it has added and removed. */
export class Autoscaler {
  readonly #rules: ScalingRules;
  #recommendations: Timed[] = [];
  #added: Timed[] = [];
  #removed: Timed[] = [];

  constructor(rules: ScalingRules) {
    this.#rules = rules;
  }

  /**
   * The number of pods from now on.
   *
   * @param now seconds; calls must be in order
   */
  decide(now: number, currentReplicas: number, metrics: readonly MetricReading[]): number {
    const { minReplicas, maxReplicas } = this.#rules;
    // What the autoscaler starts with counts as recommended.
    if (this.#recommendations.length === 0) this.#recommendations.push({ at: now, count: currentReplicas });
    if (currentReplicas > maxReplicas) return this.#record(now, currentReplicas, maxReplicas);
    if (currentReplicas < minReplicas) return this.#record(now, currentReplicas, minReplicas);
    const desired = desiredReplicas(metrics, currentReplicas);
    if (desired === undefined) return currentReplicas;
    return this.#record(
      now,
      currentReplicas,
      this.#limit(now, currentReplicas, this.#stabilize(now, currentReplicas, desired)),
    );
  }

  /** The lowest recommendation of the window for adding pods, the highest of that for removing them. */
  #stabilize(now: number, currentReplicas: number, desired: number): number {
    const { scaleUp, scaleDown } = this.#rules;
    const within = (seconds: number): number[] => [
      desired,
      ...this.#recommendations.filter(({ at }) => at > now - seconds).map(({ count }) => count),
    ];
    const least = Math.min(...within(scaleUp.stabilizationSeconds));
    const most = Math.max(...within(scaleDown.stabilizationSeconds));
    const longest = Math.max(scaleUp.stabilizationSeconds, scaleDown.stabilizationSeconds);
    this.#recommendations = [
      ...this.#recommendations.filter(({ at }) => at > now - longest),
      { at: now, count: desired },
    ];
    return Math.min(Math.max(currentReplicas, least), most);
  }

  /** At most so many pods per period, and the bounds. */
  #limit(now: number, currentReplicas: number, wanted: number): number {
    const { minReplicas, maxReplicas, scaleUp, scaleDown } = this.#rules;
    const changed = (changes: readonly Timed[], seconds: number): number =>
      changes.filter(({ at }) => at > now - seconds).reduce((sum, { count }) => sum + count, 0);
    const atStart = ({ periodSeconds }: ScalingStep): number =>
      currentReplicas - changed(this.#added, periodSeconds) + changed(this.#removed, periodSeconds);
    if (wanted > currentReplicas) {
      const ceiling = Math.max(currentReplicas, atStart(scaleUp) + scaleUp.pods);
      return Math.min(wanted, ceiling, maxReplicas);
    }
    const floor = Math.min(currentReplicas, atStart(scaleDown) - scaleDown.pods);
    return Math.max(wanted, floor, minReplicas);
  }

  #record(now: number, before: number, after: number): number {
    const { scaleUp, scaleDown } = this.#rules;
    const longest = Math.max(scaleUp.periodSeconds, scaleDown.periodSeconds);
    const recent = ({ at }: Timed): boolean => at > now - longest;
    this.#added = this.#added.filter(recent);
    this.#removed = this.#removed.filter(recent);
    if (after > before) this.#added.push({ at: now, count: after - before });
    if (after < before) this.#removed.push({ at: now, count: before - after });
    return after;
  }
}
