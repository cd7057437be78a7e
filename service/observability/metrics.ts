import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../../model/version.ts';
import { LATENCY_BUCKETS_SECONDS, METRIC_LABELS, METRICS } from '../contract.ts';
import type { EngineFailureReason } from '../engine/failure.ts';
import { ENGINE_FAILURES } from '../engine/failure.ts';
import type { RequestSummary } from '../http/observe.ts';
import type { Admission } from '../inference/admission.ts';
import type { BatchRecord, InferenceObserver, Stage, StageName } from '../inference/observer.ts';
import type { OpenModel } from '../inference/open-model.ts';

/** Tokens take microseconds, engines minutes. */
const STAGE_BUCKETS = [0.0001, 0.0005, 0.001, ...LATENCY_BUCKETS_SECONDS];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const EVENT_LOOP_QUANTILES = [0.5, 0.99, 1] as const;

/** Why a request was refused before any work: a closed set, for a label. */
const REJECTIONS: Record<string, string> = {
  overloaded: 'queue_full',
  'body-too-large': 'body_too_large',
  unavailable: 'unavailable',
  'deadline-exceeded': 'deadline',
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
};

/** Everything that `/metrics` tells. Label values come from closed sets, never from a request. */
export class Metrics implements InferenceObserver {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'status'>;
  readonly #latency: Histogram<'route'>;
  readonly #stages: Record<StageName, Histogram>;
  readonly #batchSize: Histogram;
  readonly #rejected: Counter<'reason'>;
  readonly #answers: Counter<'label'>;
  readonly #restarts: Counter<'reason'>;
  readonly #eventLoop: IntervalHistogram;

  constructor() {
    const registers = [this.#registry];
    const stage = (name: string, help: string): Histogram =>
      new Histogram({ name, help, registers, buckets: STAGE_BUCKETS });
    this.#requests = new Counter({
      name: METRICS.requests,
      help: 'Requests answered, by the route as declared and the HTTP status (499: the client left).',
      labelNames: METRIC_LABELS.requests,
      registers,
    });
    this.#latency = new Histogram({
      name: METRICS.requestLatency,
      help: 'Time from a request to its answer.',
      labelNames: ['route'],
      buckets: [...LATENCY_BUCKETS_SECONDS],
      registers,
    });
    this.#stages = {
      queue: stage(METRICS.queueWait, 'Time an item waited for the engine.'),
      preprocess: stage(
        METRICS.preprocess,
        'Time to decode and resize an image, waiting for a thread included.',
      ),
      tokenize: stage(METRICS.tokenize, "Time to tokenize a request's texts."),
      inference: stage(METRICS.inference, "Time of an item's run in the engine."),
    };
    this.#batchSize = new Histogram({
      name: METRICS.batchSize,
      help: 'Items in one run of the engine.',
      buckets: BATCH_BUCKETS,
      registers,
    });
    this.#rejected = new Counter({
      name: METRICS.rejected,
      help: 'Requests refused or given up without a judgement, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.#answers = new Counter({
      name: METRICS.answers,
      help: 'Judgements given, by label.',
      labelNames: ['label'],
      registers,
    });
    this.#restarts = new Counter({
      name: METRICS.engineRestarts,
      help: 'Engines lost or not started, by reason.',
      labelNames: ['reason'],
      registers,
    });
    // A rate over a series that is not there is no number: every reason starts at 0.
    for (const reason of Object.values(REJECTIONS)) this.#rejected.inc({ reason }, 0);
    for (const reason of ENGINE_FAILURES) this.#restarts.inc({ reason: label(reason) }, 0);
    this.#eventLoop = this.#watchEventLoop();
    new Gauge({
      name: METRICS.buildInfo,
      help: 'Version of the service.',
      labelNames: ['version', 'node'],
      registers,
    }).set({ version, node: process.version }, 1);
  }

  /** The content type of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts an answered request. */
  request({ route, status, problem, record }: RequestSummary): void {
    this.#requests.inc({ route, status: String(status) });
    this.#latency.observe({ route }, record.elapsedMs() / 1000);
    const reason = problem === undefined ? undefined : REJECTIONS[problem.problem];
    if (reason !== undefined) this.#rejected.inc({ reason });
  }

  stage({ name, startMs, endMs }: Stage): void {
    this.#stages[name].observe((endMs - startMs) / 1000);
  }

  batch({ items }: BatchRecord): void {
    this.#batchSize.observe(items);
  }

  answer(given: string): void {
    this.#answers.inc({ label: given });
  }

  engineFailure(reason: EngineFailureReason): void {
    this.#restarts.inc({ reason: label(reason) });
  }

  /** Shows how full the service is; the two gauges together are the items accepted and unanswered. */
  watchQueue(admission: Admission, { batcher, modelPackage }: OpenModel): void {
    const registers = [this.#registry];
    new Gauge({
      name: METRICS.queueItems,
      help: 'Items accepted that the engine does not compute yet.',
      registers,
      collect() {
        this.set(Math.max(0, admission.held - batcher.inFlight));
      },
    });
    new Gauge({
      name: METRICS.inflightItems,
      help: 'Items that the engine computes.',
      registers,
      collect() {
        this.set(batcher.inFlight);
      },
    });
    for (const answer of modelPackage.manifest.answers) this.#answers.inc({ label: answer }, 0);
  }

  #watchEventLoop(): IntervalHistogram {
    const histogram = monitorEventLoopDelay({ resolution: 10 });
    histogram.enable();
    new Gauge({
      name: METRICS.eventLoopDelay,
      help: "Delay of the service's event loop since the last scrape, by quantile.",
      labelNames: ['quantile'],
      registers: [this.#registry],
      collect() {
        for (const quantile of EVENT_LOOP_QUANTILES) {
          const ns = histogram.percentile(quantile * 100);
          this.set({ quantile: String(quantile) }, Number.isFinite(ns) ? ns / 1e9 : 0);
        }
        histogram.reset();
      },
    });
    return histogram;
  }

  /** Stops measuring the event loop. */
  close(): void {
    this.#eventLoop.disable();
  }
}

/** Label values are written with underscores. */
function label(reason: EngineFailureReason): string {
  return reason.replaceAll('-', '_');
}
