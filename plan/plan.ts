import { poissonArrivals, randomNumbers } from './arrivals.ts';
import { simulateFleet, type FleetOptions, type FleetResult, type Signals } from './fleet.ts';
import { batchCurve, SimulatedPod, type PodModel } from './pod.ts';
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

/** What the autoscaler makes of half an hour. */
type Autoscaled = Pick<FleetResult, 'attained' | 'refused' | 'mostPods' | 'meanPods'>;

/** What happens when the rate rises to a multiple for ten minutes. */
interface Burst extends Autoscaled {
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
  /** Pods while KEDA cannot read the load: enough for the smallest of the bursts, which nobody would see. */
  readonly fallbackReplicas: number;
  /** The usual rate with exactly that many pods. */
  readonly steady: FleetResult;
  /** The usual rate under the autoscaler, which has more pods whenever chance has sent more requests. */
  readonly usual: Autoscaled;
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
/** Pods that the load may add at the usual rate. */
const LOAD_MAY_ADD = 1.05;
const BURST_FACTORS = [1.5, 2, 3];
/** Requests that may miss the objective in a trial of one pod: enough for chance to matter little. */
const TRIAL_MISSES = 200;
/** Requests that the usual rate is simulated with, in at most ten hours, so that a slow model's share means something. */
const STEADY_REQUESTS = 20_000;

/** A pod alone under an even rate. */
function trial({ sloSeconds, sloShare }: PlanInput, pod: PodModel, rate: number) {
  let requests = 0;
  let answers = 0;
  let attained = 0;
  let latencySeconds = 0;
  const alone = new SimulatedPod(pod, 0, (latency) => {
    answers += 1;
    latencySeconds += latency;
    if (latency <= sloSeconds) attained += 1;
  });
  const seconds = TRIAL_MISSES / (1 - sloShare) / rate;
  for (const at of poissonArrivals([{ seconds, rate }], randomNumbers(1))) {
    requests += 1;
    alone.accept(at);
  }
  alone.advance(Infinity);
  return { attained: attained / requests, meanLatencySeconds: latencySeconds / answers };
}

function signalsOf({ loadItems, requestsPerSecond }: Plan['targets']): Signals {
  return {
    loadItems: { target: loadItems },
    requestsPerSecond: { target: requestsPerSecond, windowSeconds: RATE_WINDOW_SECONDS },
  };
}

/**
 * A target to two digits, and no finer than the thousandths that the autoscaler stores. Rounded down: up, it would be
 * more than a pod can do.
 */
function rateTarget(rate: number): number {
  const digit = 10 ** Math.max(-3, Math.floor(Math.log10(rate)) - 1);
  return Math.max(0.001, Number((Math.floor(rate / digit + 1e-6) * digit).toFixed(3)));
}

/**
 * The lowest target of the load that adds no pods at the usual rate beyond those that the rate's own target adds.
 * The load is read at single moments and swings, all the more in a small or idle fleet, and pods stay for ten minutes
 * after each swing: with its mean as its target, a fleet would have twice the pods that it needs.
 *
 * @param mean items at a time in a pod at the usual rate
 * @returns 0, which disables the signal, if the queue is too short for any
 */
function loadTarget(fleet: Omit<FleetOptions, 'signals'>, mean: number, requestsPerSecond: number): number {
  const meanPods = (loadItems: number): number =>
    simulateFleet({ ...fleet, signals: signalsOf({ loadItems, requestsPerSecond }) }).meanPods;
  const most = meanPods(0) * LOAD_MAY_ADD;
  for (let target = Math.max(0.1, mean); ; target *= 1.25) {
    const rounded = Number(target.toFixed(1));
    // Even full pods would be tolerated.
    if (rounded * TOLERATED >= fleet.pod.capacityItems) return 0;
    if (meanPods(rounded) <= most) return rounded;
  }
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
  const requestsPerSecond = rateTarget(perPod);
  const pods = Math.ceil(rate / requestsPerSecond);
  if (pods > MOST_PODS) return { pods };
  const podsFor = (factor: number): number => Math.min(MOST_PODS, Math.ceil((factor * rate) / requestsPerSecond));
  const rules = {
    minReplicas: pods,
    maxReplicas: podsFor(Math.max(...BURST_FACTORS)),
    scaleUp: stepOf(SCALE_UP, pods / 4),
    scaleDown: stepOf(SCALE_DOWN, pods / 10),
  };
  const fleet = { pod, startSeconds, sloSeconds, rules };
  const usually = { steps: [{ seconds: 1800, rate }] };
  // Little's law: items at a time are the rate times the time of each.
  const meanItems = perPod * trial(input, pod, perPod).meanLatencySeconds;
  const loadItems = loadTarget({ ...fleet, arrivals: usually }, meanItems, requestsPerSecond);
  const targets = { loadItems, requestsPerSecond };
  const signals = signalsOf(targets);
  const bursts = BURST_FACTORS.map((factor): Burst => {
    const steps = [
      { seconds: 300, rate },
      { seconds: 600, rate: rate * factor },
      { seconds: 900, rate },
    ];
    return { factor, ...simulateFleet({ ...fleet, signals, arrivals: { steps } }) };
  });
  const steadily = { steps: [{ seconds: Math.min(36_000, Math.max(900, STEADY_REQUESTS / rate)), rate }] };
  return {
    mostPerPod,
    sustainedPerPod,
    pods,
    targets,
    rules,
    fallbackReplicas: podsFor(Math.min(...BURST_FACTORS)),
    steady: simulateFleet({ ...fleet, signals, rules: { ...rules, maxReplicas: pods }, arrivals: steadily }),
    usual: simulateFleet({ ...fleet, signals, arrivals: usually }),
    bursts,
  };
}
