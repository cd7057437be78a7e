import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../../model/version.ts';
import { ANSWER_ROUTES, LATENCY_BUCKETS_SECONDS, METRIC_LABELS, METRICS, type RequestOutcome } from '../contract.ts';
import { ENGINE_FAILURES, type EngineFailureReason } from '../engine/process/failure.ts';
import type { EnginePool } from '../engine/process/pool.ts';
import type { EngineState } from '../engine/process/engine-state.ts';
import { CLIENT_CLOSED_REQUEST, outcomeOf, UNMATCHED, type RequestSummary } from './request-record.ts';
import type { Admission } from '../inference/admission.ts';
import { Overloaded } from '../inference/errors.ts';
import type { BatchRecord, CacheName, InferenceObserver, Stage, StageName } from '../inference/observer.ts';
import type { OpenModel } from '../inference/open-model.ts';
import { watchEventLoop } from './event-loop.ts';
import type { GpuReading } from './gpu-monitor.ts';

/** From the microseconds of tokenizing to the minute that a request may take. */
const STAGE_BUCKETS = [0.0001, 0.0005, 0.001, ...LATENCY_BUCKETS_SECONDS];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const PHASES: readonly EngineState['phase'][] = ['starting', 'ready', 'replacing', 'failed', 'stopped'];

/** Most names of API keys that have series of their own; the others are counted together. */
const MAX_KEY_NAMES = 100;

/** Why a request was refused before any work, by its problem: a closed set, for a label. */
const REJECTIONS: Record<string, string> = {
  'rate-limited': 'rate_limited',
  'request-timeout': 'slow_body',
  'body-too-large': 'body_too_large',
  unavailable: 'unavailable',
  'deadline-exceeded': 'deadline',
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
};
/** The same for {@link Overloaded}, by what was full. */
const OVERLOADS: Record<Overloaded['full'], string> = {
  queue: 'queue_full',
  share: 'share_used',
  uploads: 'uploads_full',
  calls: 'calls_full',
  memory: 'memory_full',
  explanations: 'explanations_full',
};

/** Status and outcome of answers, and of what counts as the service's failure. */
const ALERTED: readonly (readonly [string, RequestOutcome])[] = [
  ['200', 'answered'],
  ['429', 'overloaded'],
  ['500', 'failed'],
  ['503', 'failed'],
  ['504', 'failed'],
];

/** All metrics of `/metrics`. Label values come from closed sets, never from a request. */
export class Metrics implements InferenceObserver {
  readonly #registry = new Registry();
  readonly #collectors = makeCollectors(this.#registry);
  readonly #unwatchEventLoop: () => void;
  readonly #keyNames = new Set<string>();

  constructor() {
    const { rejected, restarts, buildInfo, requests, latency } = this.#collectors;
    // Prometheus loses the first increase of a counter that begins above 0, so what alerts count starts at 0.
    for (const route of ANSWER_ROUTES) {
      for (const [status, outcome] of ALERTED) requests.inc({ route, status, outcome }, 0);
      latency.zero({ route, outcome: 'answered' });
    }
    for (const reason of Object.values({ ...REJECTIONS, ...OVERLOADS })) rejected.inc({ reason }, 0);
    for (const reason of ENGINE_FAILURES) restarts.inc({ reason: label(reason) }, 0);
    buildInfo.set({ version, node: process.version }, 1);
    this.#unwatchEventLoop = watchEventLoop(this.#registry);
  }

  /** The content type of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts a finished request. */
  request(summary: RequestSummary): void {
    const { route, status, problem, record } = summary;
    const outcome = outcomeOf(summary);
    this.#collectors.requests.inc({ route, status: String(status), outcome });
    // An explanation takes as long as dozens of answers, and would distort their latency.
    if (!('explain_ms' in record.attributes)) {
      this.#collectors.latency.observe({ route, outcome }, record.elapsedMs() / 1000);
    }
    const key = record.attributes['api_key'];
    if (key !== undefined) this.#collectors.keyRequests.inc({ api_key: this.#keyLabel(String(key)), outcome });
    // The service did not refuse a request whose client left; what matches no route asks for no work.
    if (problem === undefined || status === CLIENT_CLOSED_REQUEST || route === UNMATCHED) return;
    const { cause } = problem;
    const reason = cause instanceof Overloaded ? OVERLOADS[cause.full] : REJECTIONS[problem.problem];
    if (reason !== undefined) this.#collectors.rejected.inc({ reason });
  }

  stage({ name, startMs, endMs }: Stage): void {
    this.#collectors.stages[name].observe((endMs - startMs) / 1000);
  }

  batch({ items }: BatchRecord): void {
    this.#collectors.batchSize.observe(items);
  }

  answer(answer: string): void {
    this.#collectors.answers.inc({ label: answer });
  }

  lookups(cache: CacheName, hits: number, misses: number): void {
    this.#collectors.cacheLookups.inc({ cache, result: 'hit' }, hits);
    this.#collectors.cacheLookups.inc({ cache, result: 'miss' }, misses);
  }

  engineFailure(reason: EngineFailureReason): void {
    this.#collectors.restarts.inc({ reason: label(reason) });
  }

  /** Publishes a GPU's reading; a value that is not reported removes the series. */
  gpu({ gpu, memoryBytes, utilization }: GpuReading): void {
    const set = (gauge: Gauge<'gpu'>, value: number | undefined): void => {
      if (value === undefined) gauge.remove({ gpu });
      else gauge.set({ gpu }, value);
    };
    set(this.#collectors.gpuMemory, memoryBytes);
    set(this.#collectors.gpuUtilization, utilization);
  }

  /** Publishes how many engines are in each state. */
  watchEngines({ engines }: EnginePool): void {
    new Gauge({
      name: METRICS.engines,
      help: 'Engines by state: starting, ready, replacing, failed or stopped.',
      labelNames: ['state'],
      registers: [this.#registry],
      collect() {
        for (const phase of PHASES) {
          const inPhase = engines.filter(({ supervisor }) => supervisor.state.phase === phase);
          this.set({ state: phase }, inPhase.length);
        }
      },
    });
  }

  /** Publishes how many request bodies are arriving. Their requests are not in the queue yet. */
  watchUploads(uploads: { readonly arriving: number }): void {
    this.#gauge(
      METRICS.uploads,
      'Requests whose body is still arriving. They take no place in the queue.',
      () => uploads.arriving,
    );
  }

  /** Publishes the memory of decoding. */
  watchPixelMemory(use: () => { readonly usedBytes: number; readonly limitBytes: number }): void {
    this.#gauge(
      METRICS.pixelMemory,
      'Memory that the images being decoded may take at their peak, by estimate.',
      () => use().usedBytes,
    );
    this.#gauge(
      METRICS.pixelMemoryLimit,
      'Most memory that decoding may take in total; images wait for it.',
      () => use().limitBytes,
    );
  }

  /** Publishes the service's load: the two gauges add up to the items accepted and not yet answered. */
  watchQueue(admission: Admission, { batcher, modelPackage }: OpenModel): void {
    this.#gauge(METRICS.queueItems, 'Items of complete requests that were accepted but are not yet in an engine.', () =>
      Math.max(0, admission.held - batcher.inFlight),
    );
    this.#gauge(METRICS.inflightItems, 'Items in the engines.', () => batcher.inFlight);
    for (const answer of modelPackage.manifest.answers) this.#collectors.answers.inc({ label: answer }, 0);
  }

  /** Stops measuring the event loop. */
  close(): void {
    this.#unwatchEventLoop();
  }

  #keyLabel(name: string): string {
    if (this.#keyNames.size < MAX_KEY_NAMES) this.#keyNames.add(name);
    return this.#keyNames.has(name) ? name : 'other';
  }

  /** Registers a gauge that is read at each scrape. */
  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}

/** The metrics that events update; those that are read at each scrape are registered by the `watch` methods. */
function makeCollectors(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter<Label>({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge<Label>({ name, help, labelNames, registers });
  const stage = (name: string, help: string) => new Histogram({ name, help, registers, buckets: STAGE_BUCKETS });
  const stages: Record<StageName, Histogram> = {
    read: stage(METRICS.bodyRead, "Time to read a request's body, or until reading it was aborted."),
    queue: stage(METRICS.queueWait, 'Time an item waited for an engine, or until it was cancelled.'),
    preprocess: stage(
      METRICS.preprocess,
      'Time to decode and resize an image, including the wait for a thread, or until it was cancelled.',
    ),
    tokenize: stage(METRICS.tokenize, "Time to tokenize a request's texts."),
    inference: stage(METRICS.inference, "Time of an item's run in the engine, or until it was cancelled."),
  };
  return {
    stages,
    requests: counter(
      METRICS.requests,
      "Finished requests by route, as declared, HTTP status (499: the client disconnected) and outcome: answered, overloaded (429: the queue, or the room for bodies, was full), refused (any other 4xx), client_deadline (504: a deadline that the client had shortened), failed (any other 5xx) or abandoned (499). Only overloaded and failed are the service's fault.",
      METRIC_LABELS.requests,
    ),
    keyRequests: counter(
      METRICS.keyRequests,
      `Finished requests by the name of their API key and outcome. From the ${MAX_KEY_NAMES + 1}st name on: other.`,
      METRIC_LABELS.keyRequests,
    ),
    latency: new Histogram({
      name: METRICS.requestLatency,
      help: 'Duration of requests by route and outcome, as in ofa_ve_requests_total. Without explained answers.',
      labelNames: METRIC_LABELS.requestLatency,
      buckets: [...LATENCY_BUCKETS_SECONDS],
      registers,
    }),
    batchSize: new Histogram({
      name: METRICS.batchSize,
      help: 'Items per run of an engine.',
      buckets: BATCH_BUCKETS,
      registers,
    }),
    cacheLookups: counter(
      METRICS.cacheLookups,
      'Lookups in what is kept from earlier requests: answers to items, and features of the pictures in a run. FEATURE_CACHE_MB sizes it.',
      ['cache', 'result'],
    ),
    rejected: counter(METRICS.rejected, 'Requests refused or abandoned without an answer, by reason.', ['reason']),
    answers: counter(METRICS.answers, "Answers given, by the model's own word for them, whatever LABELS calls them.", [
      'label',
    ]),
    restarts: counter(METRICS.engineRestarts, 'Engines that were lost or did not start, by reason.', ['reason']),
    gpuMemory: gauge(METRICS.gpuMemory, 'GPU memory in use by all processes.', ['gpu']),
    gpuUtilization: gauge(METRICS.gpuUtilization, 'Share of time in which a kernel was running on the GPU.', ['gpu']),
    buildInfo: gauge(METRICS.buildInfo, 'Versions of the service and of Node.js.', ['version', 'node']),
  };
}

/** Label values use underscores. */
function label(reason: EngineFailureReason): string {
  return reason.replaceAll('-', '_');
}
