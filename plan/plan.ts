import { simulateFleet, type FleetResult, type Signals } from './fleet.ts';
import { batchCurve, type PodModel } from './pod.ts';
import type { ScalingRules, ScalingStep } from './autoscaler.ts';

/** What a plan is made for. */
export interface PlanInput {
  /** Usual requests per second, one item each. */
  readonly rate: number;
  /** Seconds of an engine's run with one item. */
  readonly latencySeconds: number;
  /** Seconds of a run with a full batch. */
  readonly fullBatchSeconds: number;
  readonly batchItems: number;
  readonly queueItems: number;
  /** Seconds from a pod's creation until it is ready. */
  readonly startSeconds: number;
  readonly sloSeconds: number;
  /** Share of requests that must be answered within the objective. */
  readonly sloShare: number;
}

/** What happens when the rate rises to a multiple for ten minutes. */
interface Burst extends Pick<FleetResult, 'attained' | 'refused' | 'mostPods' | 'meanPods'> {
  readonly factor: number;
}

export interface Plan {
  /** Requests per second that a pod computes at most. */
  readonly mostPerPod: number;
  /** Requests per second with which a pod just keeps the objective. */
  readonly sustainedPerPod: number;
  /** Pods for the usual rate. */
  readonly pods: number;
  readonly targets: { readonly loadItems: number; readonly requestsPerSecond: number };
  readonly rules: ScalingRules;
  /** The usual rate with exactly that many pods. */
  readonly steady: FleetResult;
  readonly bursts: readonly Burst[];
}

/** The deployment's rules for removing pods, and for adding them to a small fleet. */
export const SCALE_DOWN: ScalingStep = { pods: 1, periodSeconds: 180, stabilizationSeconds: 600 };
export const SCALE_UP: ScalingStep = { pods: 2, periodSeconds: 60, stabilizationSeconds: 0 };
/** The most pods that a deployment may have, and the most that a step of its scaling may add or remove. */
export const MOST_PODS = 1000;
const MOST_STEP = 100;
/** Seconds over which the deployment computes the rate of requests. */
const RATE_WINDOW_SECONDS = 60;

/** The autoscaler leaves a metric alone that is up to a tenth above its target. */
const TOLERATED = 1.1;
const BURST_FACTORS = [1.5, 2, 3];
/** Requests that one pod is tried with: enough for a hundredth of them to be many. */
const TRIAL_REQUESTS = 20_000;

/** A pod alone under an even rate. */
function trial(input: PlanInput, pod: PodModel, rate: number): FleetResult {
  const still = { pods: 1, periodSeconds: 60, stabilizationSeconds: 0 };
  return simulateFleet({
    pod,
    startSeconds: 0,
    rules: { minReplicas: 1, maxReplicas: 1, scaleUp: still, scaleDown: still },
    signals: signalsOf({ loadItems: 0, requestsPerSecond: 0 }),
    arrivals: [{ seconds: TRIAL_REQUESTS / rate, rate }],
    sloSeconds: input.sloSeconds,
  });
}

function signalsOf({ loadItems, requestsPerSecond }: Plan['targets']): Signals {
  return {
    loadItems: { target: loadItems },
    requestsPerSecond: { target: requestsPerSecond, windowSeconds: RATE_WINDOW_SECONDS },
  };
}

/** A target to two digits, and no finer than the thousandths that the autoscaler stores. */
function rateTarget(rate: number): number {
  return Math.max(0.001, Math.floor(Number(rate.toPrecision(2)) * 1000 + 1e-6) / 1000);
}

/** Some pods that a step changes: a share of all, and at least as many as in a small fleet. */
function stepOf(small: ScalingStep, share: number): ScalingStep {
  return { ...small, pods: Math.min(MOST_STEP, Math.max(small.pods, Math.ceil(share))) };
}

/** The highest rate at which a pod keeps the objective, to a two-hundredth of its maximum; 0 if there is none. */
function sustainedRate(input: PlanInput, pod: PodModel, most: number): number {
  const keeps = (share: number): boolean => trial(input, pod, most * share).attained >= input.sloShare;
  let low = 0;
  let high = 200;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (keeps(middle / 200)) low = middle;
    else high = middle;
  }
  return (most * low) / 200;
}

/**
 * How many pods a rate needs, which targets the autoscaler should have, and what bursts do.
 *
 * @returns undefined if a pod does not keep the objective at any rate; only the number of pods if it is too large
 */
export function planFleet(input: PlanInput): Plan | Pick<Plan, 'pods'> | undefined {
  const { rate, batchItems, sloSeconds, startSeconds } = input;
  const pod = {
    runSeconds: batchCurve(input.latencySeconds, input.fullBatchSeconds, batchItems),
    batchItems,
    capacityItems: input.queueItems,
  };
  const mostPerPod = Math.max(1 / input.latencySeconds, batchItems / input.fullBatchSeconds);
  const sustainedPerPod = sustainedRate(input, pod, mostPerPod);
  if (sustainedPerPod === 0) return undefined;
  const perPod = sustainedPerPod / TOLERATED;
  const targets = {
    // Little's law: items at a time are the rate times the time of each. Where that comes to 0, which disables the
    // signal, a single item would be many times any target, and the autoscaler would add pods for each that it sees.
    loadItems: Number((perPod * trial(input, pod, perPod).meanLatencySeconds).toFixed(1)),
    requestsPerSecond: rateTarget(perPod),
  };
  const pods = Math.ceil(rate / targets.requestsPerSecond);
  if (pods > MOST_PODS) return { pods };
  const rules = {
    minReplicas: pods,
    maxReplicas: Math.min(MOST_PODS, Math.ceil((Math.max(...BURST_FACTORS) * rate) / targets.requestsPerSecond)),
    scaleUp: stepOf(SCALE_UP, pods / 4),
    scaleDown: stepOf(SCALE_DOWN, pods / 10),
  };
  const common = { pod, startSeconds, signals: signalsOf(targets), sloSeconds };
  const bursts = BURST_FACTORS.map((factor): Burst => {
    const arrivals = [
      { seconds: 300, rate },
      { seconds: 600, rate: rate * factor },
      { seconds: 900, rate },
    ];
    return { factor, ...simulateFleet({ ...common, rules, arrivals }) };
  });
  const fixed = { ...rules, maxReplicas: pods };
  return {
    mostPerPod,
    sustainedPerPod,
    pods,
    targets,
    rules,
    steady: simulateFleet({ ...common, rules: fixed, arrivals: [{ seconds: 900, rate }] }),
    bursts,
  };
}
