import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../../model/version.ts';
import { LATENCY_BUCKETS_SECONDS, METRIC_LABELS, METRICS } from '../contract.ts';
import type { RequestOutcome } from '../contract.ts';
import type { EngineFailureReason } from '../engine/process/failure.ts';
import { ENGINE_FAILURES } from '../engine/process/failure.ts';
import type { EnginePool } from '../engine/process/pool.ts';
import type { EngineState } from '../engine/process/engine-state.ts';
import { CLIENT_CLOSED_REQUEST } from './request-record.ts';
import type { RequestSummary } from './request-record.ts';
import type { Admission } from '../inference/admission.ts';
import type { BatchRecord, InferenceObserver, Stage, StageName } from '../inference/observer.ts';
import type { OpenModel } from '../inference/open-model.ts';
import { watchEventLoop } from './event-loop.ts';
import type { GpuReading } from './gpu-monitor.ts';

/** Tokens take microseconds, engines minutes. */
const STAGE_BUCKETS = [0.0001, 0.0005, 0.001, ...LATENCY_BUCKETS_SECONDS];
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const PHASES: readonly EngineState['phase'][] = ['starting', 'ready', 'replacing', 'failed', 'stopped'];

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
  readonly #collectors = makeCollectors(this.#registry);
  readonly #unwatchEventLoop: () => void;

  constructor() {
    const { rejected, restarts, buildInfo } = this.#collectors;
    // A rate over a series that is not there is no number: every reason starts at 0.
    for (const reason of Object.values(REJECTIONS)) rejected.inc({ reason }, 0);
    for (const reason of ENGINE_FAILURES) restarts.inc({ reason: label(reason) }, 0);
    buildInfo.set({ version, node: process.version }, 1);
    this.#unwatchEventLoop = watchEventLoop(this.#registry);
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
    this.#collectors.requests.inc({ route, status: String(status) });
    this.#collectors.latency.observe({ route, outcome: outcomeOf(status) }, record.elapsedMs() / 1000);
    // A client that left was not refused.
    if (problem === undefined || status === CLIENT_CLOSED_REQUEST) return;
    const reason = REJECTIONS[problem.problem];
    if (reason !== undefined) this.#collectors.rejected.inc({ reason });
  }

  stage({ name, startMs, endMs }: Stage): void {
    this.#collectors.stages[name].observe((endMs - startMs) / 1000);
  }

  batch({ items }: BatchRecord): void {
    this.#collectors.batchSize.observe(items);
  }

  answer(given: string): void {
    this.#collectors.answers.inc({ label: given });
  }

  engineFailure(reason: EngineFailureReason): void {
    this.#collectors.restarts.inc({ reason: label(reason) });
  }

  /** Shows what a GPU says of itself, and nothing where it does not tell. */
  gpu({ gpu, memoryBytes, utilization }: GpuReading): void {
    const show = (gauge: Gauge<'gpu'>, value: number | undefined): void => {
      if (value === undefined) gauge.remove({ gpu });
      else gauge.set({ gpu }, value);
    };
    show(this.#collectors.gpuMemory, memoryBytes);
    show(this.#collectors.gpuUtilization, utilization);
  }

  /** Shows how many engines there are, by what they do. */
  watchEngines({ engines }: EnginePool): void {
    new Gauge({
      name: METRICS.engines,
      help: 'Engines, by what they do: starting, ready, replacing, failed or stopped.',
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

  /** Shows how full the service is; the two gauges together are the items accepted and unanswered. */
  watchQueue(admission: Admission, { batcher, modelPackage }: OpenModel): void {
    const registers = [this.#registry];
    new Gauge({
      name: METRICS.queueItems,
      help: 'Items accepted that no engine computes yet.',
      registers,
      collect() {
        this.set(Math.max(0, admission.held - batcher.inFlight));
      },
    });
    new Gauge({
      name: METRICS.inflightItems,
      help: 'Items that the engines compute.',
      registers,
      collect() {
        this.set(batcher.inFlight);
      },
    });
    for (const answer of modelPackage.manifest.answers) this.#collectors.answers.inc({ label: answer }, 0);
  }

  /** Stops measuring the event loop. */
  close(): void {
    this.#unwatchEventLoop();
  }
}

/** The metrics that are set from outside; those that are asked when they are scraped are made where they belong. */
function makeCollectors(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter<Label>({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge<Label>({ name, help, labelNames, registers });
  const stage = (name: string, help: string) =>
    new Histogram({ name, help, registers, buckets: STAGE_BUCKETS });
  const stages: Record<StageName, Histogram> = {
    read: stage(METRICS.bodyRead, "Time to read a request's body, or until it was given up."),
    queue: stage(METRICS.queueWait, 'Time an item waited for an engine, or until it was given up.'),
    preprocess: stage(
      METRICS.preprocess,
      'Time to decode and resize an image, or until it was given up; waiting for a thread included.',
    ),
    tokenize: stage(METRICS.tokenize, "Time to tokenize a request's texts."),
    inference: stage(METRICS.inference, "Time of an item's run in the engine, or until it was given up."),
  };
  return {
    stages,
    requests: counter(
      METRICS.requests,
      'Requests answered, by the route as declared and the HTTP status (499: the client left).',
      METRIC_LABELS.requests,
    ),
    latency: new Histogram({
      name: METRICS.requestLatency,
      help: 'Time from a request to its end: answered, refused (4xx), failed (5xx) or abandoned by its client (499).',
      labelNames: METRIC_LABELS.requestLatency,
      buckets: [...LATENCY_BUCKETS_SECONDS],
      registers,
    }),
    batchSize: new Histogram({
      name: METRICS.batchSize,
      help: 'Items in one run of an engine.',
      buckets: BATCH_BUCKETS,
      registers,
    }),
    rejected: counter(METRICS.rejected, 'Requests refused or given up without a judgement, by reason.', [
      'reason',
    ]),
    answers: counter(METRICS.answers, 'Judgements given, by label.', ['label']),
    restarts: counter(METRICS.engineRestarts, 'Engines lost or not started, by reason.', ['reason']),
    gpuMemory: gauge(METRICS.gpuMemory, 'Memory of the GPU in use, by whomever.', ['gpu']),
    gpuUtilization: gauge(METRICS.gpuUtilization, 'Share of time in which a kernel ran on the GPU.', ['gpu']),
    buildInfo: gauge(METRICS.buildInfo, 'Version of the service.', ['version', 'node']),
  };
}

function outcomeOf(status: number): RequestOutcome {
  if (status === CLIENT_CLOSED_REQUEST) return 'abandoned';
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'answered';
}

/** Label values are written with underscores. */
function label(reason: EngineFailureReason): string {
  return reason.replaceAll('-', '_');
}
