import { durationOf, poissonArrivals, randomNumbers, type RateSteps } from './arrivals.ts';
import { Autoscaler, SYNC_SECONDS, type MetricReading, type PodReading, type ScalingRules } from './autoscaler.ts';
import { SimulatedPod, type PodModel } from './pod.ts';

/** Signals per pod that the autoscaler reads; a target of 0 disables one. */
export interface Signals {
  /** Accepted and unanswered items at the last scrape. */
  readonly loadItems: { readonly target: number };
  /** Answered requests per second over a window. */
  readonly requestsPerSecond: { readonly target: number; readonly windowSeconds: number };
}

/** Requests that arrive by chance at the rates of the steps, or a trace: when each arrived, in order, and its length. */
type Arrivals = { readonly steps: RateSteps } | { readonly times: Iterable<number>; readonly seconds: number };

export interface FleetOptions {
  readonly pod: PodModel;
  /** Seconds from a pod's creation until it is ready. */
  readonly startSeconds: number;
  readonly rules: ScalingRules;
  readonly signals: Signals;
  readonly arrivals: Arrivals;
  /** Latency that an answer must keep. */
  readonly sloSeconds: number;
  /** Ready pods at the start; by default the fewest. */
  readonly pods?: number;
  readonly seed?: number;
}

/** A decision that changed the number of pods. */
interface Change {
  readonly at: number;
  readonly replicas: number;
}

export interface FleetResult {
  readonly requests: number;
  /** Share of all requests that were answered within the objective. */
  readonly attained: number;
  /** Share of all requests that were refused because the queue was full. */
  readonly refused: number;
  readonly meanLatencySeconds: number;
  readonly meanPods: number;
  readonly mostPods: number;
  /** Share of the pods' time in which their engines did not compute. */
  readonly idle: number;
  readonly changes: readonly Change[];
}

/** Seconds between two scrapes. */
const SCRAPE_SECONDS = 15;
/** Seconds of samples that are kept: no window is longer. */
const KEPT_SECONDS = 600;

interface Sample {
  readonly at: number;
  readonly load: number;
  readonly answered: number;
}

/** A pod and what Prometheus has of it. Its metrics are served from its creation on. */
class ObservedPod extends SimulatedPod {
  #samples: Sample[] = [];

  scrape(at: number): void {
    this.advance(at);
    this.#samples = [
      ...this.#samples.filter((sample) => sample.at > at - KEPT_SECONDS),
      { at, load: this.load, answered: this.answered },
    ];
  }

  /** Load at the last scrape; undefined before the first. */
  get lastLoad(): number | undefined {
    return this.#samples.at(-1)?.load;
  }

  /** Answers per second, from the first to the last sample of the window; 0 while there are fewer than two. */
  rate(now: number, windowSeconds: number): number | undefined {
    const within = this.#samples.filter(({ at }) => at >= now - windowSeconds);
    const [first, last] = [within[0], within.at(-1)];
    if (this.#samples.length === 0) return undefined;
    return first === undefined || last === undefined || first === last
      ? 0
      : (last.answered - first.answered) / (last.at - first.at);
  }
}

/** Pods behind a Service, and the autoscaler that sets their number. */
class Fleet {
  readonly #options: FleetOptions;
  readonly #autoscaler: Autoscaler;
  readonly changes: Change[] = [];
  readonly #pods: ObservedPod[] = [];
  /** Pods that were removed and still answer what they have accepted. */
  #leaving: ObservedPod[] = [];
  #ready: ObservedPod[] = [];
  #nextReady = 0;
  /** Seconds in which the engines of removed pods computed before that. */
  #busyOfRemoved = 0;
  #podSeconds = 0;
  #since = 0;
  mostPods = 0;
  answers = 0;
  /** Of all answers together. */
  latencySeconds = 0;
  attained = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#autoscaler = new Autoscaler(options.rules);
    this.#resize(0, options.pods ?? options.rules.minReplicas, 0);
  }

  /** Seconds up to a moment in which engines computed: of removed pods, as of their time, those before they were removed. */
  busyUntil(at: number): number {
    return this.#pods.reduce((sum, pod) => sum + pod.busyUntil(at), this.#busyOfRemoved);
  }

  get podSeconds(): number {
    return this.#podSeconds;
  }

  #listReady(at: number): void {
    this.#ready = this.#pods.filter(({ readyAt }) => readyAt <= at);
    this.#nextReady = Math.min(Infinity, ...this.#pods.map(({ readyAt }) => readyAt).filter((each) => each > at));
  }

  /** Passes a request to a ready pod. @returns false if it is refused */
  request(at: number, random: () => number): boolean {
    if (at >= this.#nextReady) this.#listReady(at);
    return this.#ready[Math.floor(random() * this.#ready.length)]?.accept(at) ?? false;
  }

  scrape(at: number): void {
    for (const pod of [...this.#pods, ...this.#leaving]) pod.scrape(at);
    this.#leaving = this.#leaving.filter(({ load }) => load > 0);
  }

  sync(at: number): void {
    const replicas = this.#autoscaler.decide(at, this.#pods.length, this.#metrics(at));
    if (replicas !== this.#pods.length) this.changes.push({ at, replicas });
    this.#resize(at, replicas, this.#options.startSeconds);
  }

  #metrics(at: number): MetricReading[] {
    const { loadItems, requestsPerSecond } = this.#options.signals;
    const read = (target: number, value: (pod: ObservedPod) => number | undefined): MetricReading[] => {
      const pods = this.#pods.map((pod): PodReading => ({ pending: false, value: value(pod) }));
      return target === 0 ? [] : [{ target, pods }];
    };
    return [
      ...read(loadItems.target, (pod) => pod.lastLoad),
      ...read(requestsPerSecond.target, (pod) => pod.rate(at, requestsPerSecond.windowSeconds)),
    ];
  }

  /** Adds pods that are ready later, or removes the newest: those that are not ready first, as a Deployment does. */
  #resize(at: number, replicas: number, startSeconds: number): void {
    this.#podSeconds += this.#pods.length * (at - this.#since);
    this.#since = at;
    const { pod, sloSeconds } = this.#options;
    const onAnswer = (latency: number): void => {
      this.latencySeconds += latency;
      this.answers += 1;
      if (latency <= sloSeconds) this.attained += 1;
    };
    while (this.#pods.length < replicas) this.#pods.push(new ObservedPod(pod, at + startSeconds, onAnswer));
    const removed = this.#pods.splice(replicas);
    for (const each of removed) this.#busyOfRemoved += each.busyUntil(at);
    this.#leaving.push(...removed);
    this.mostPods = Math.max(this.mostPods, replicas);
    this.#listReady(at);
  }

  /** Lets all pods answer what they have accepted, without counting their time. */
  end(at: number): void {
    this.#resize(at, this.#pods.length, 0);
    for (const pod of [...this.#pods, ...this.#leaving]) pod.advance(Infinity);
  }
}

function traceOf(arrivals: Arrivals, random: () => number) {
  if (!('steps' in arrivals)) return arrivals;
  return { times: poissonArrivals(arrivals.steps, random), seconds: durationOf(arrivals.steps) };
}

/** Simulates a fleet of pods under a HorizontalPodAutoscaler. Equal options give equal results. */
export function simulateFleet(options: FleetOptions): FleetResult {
  const random = randomNumbers(options.seed ?? 1);
  const { times, seconds } = traceOf(options.arrivals, random);
  const fleet = new Fleet(options);
  let requests = 0;
  let refused = 0;
  let nextTick = SCRAPE_SECONDS;
  const tickUntil = (to: number): void => {
    for (; nextTick <= to; nextTick += SYNC_SECONDS) {
      fleet.scrape(nextTick);
      fleet.sync(nextTick);
    }
  };
  for (const at of times) {
    tickUntil(at);
    requests += 1;
    if (!fleet.request(at, random)) refused += 1;
  }
  tickUntil(seconds);
  const busySeconds = fleet.busyUntil(seconds);
  fleet.end(seconds);
  return {
    requests,
    attained: requests === 0 ? 1 : fleet.attained / requests,
    refused: requests === 0 ? 0 : refused / requests,
    meanLatencySeconds: fleet.answers === 0 ? 0 : fleet.latencySeconds / fleet.answers,
    meanPods: fleet.podSeconds / seconds,
    mostPods: fleet.mostPods,
    idle: 1 - busySeconds / fleet.podSeconds,
    changes: fleet.changes,
  };
}
