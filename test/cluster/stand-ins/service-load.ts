import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { METRICS, PATHS } from '../../../service/contract.ts';
import { isReady, type Pod, type PodFilter, type Pods } from './pods.ts';

/** Requests per second, from a second on until the next phase. */
export interface LoadPhase {
  readonly fromSecond: number;
  readonly requestsPerSecond: number;
}

/** What a pod of the simulated service can do. */
export interface PodCapacity {
  /** Requests per second at most. */
  readonly requestsPerSecond: number;
  /** Seconds in which it answers while it has no queue. */
  readonly answerSeconds: number;
}

interface PodState {
  queued: number;
  inflight: number;
  answered: number;
}

const TICK_MS = 500;
const LABELS = `route="${PATHS.predict}",status="200",outcome="answered"`;

/**
 * Stands in for the service in all ready pods: shares the requests of a load evenly among them, queues what a pod
 * cannot answer, and serves their metrics under `/pods/<name>` and Prometheus' list of targets under `/targets`.
 */
export class ServiceLoad {
  readonly #pods: Pods;
  readonly #filter: PodFilter;
  readonly #phases: readonly LoadPhase[];
  readonly #capacity: PodCapacity;
  readonly #states = new Map<string, PodState>();
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  #began: number | undefined;
  #last = performance.now();

  constructor(pods: Pods, filter: PodFilter, phases: readonly LoadPhase[], capacity: PodCapacity) {
    this.#pods = pods;
    this.#filter = filter;
    this.#phases = phases;
    this.#capacity = capacity;
    this.#server = createServer((request, response) => {
      response.setHeader('content-type', request.url === '/targets' ? 'application/json' : 'text/plain; version=0.0.4');
      response.end(
        request.url === '/targets' ? this.#targets() : this.#metricsOf(request.url?.split('/').at(-1) ?? ''),
      );
    });
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  /** Starts to listen. Gives the address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Begins the phases. Until then, the load is that of the first one. */
  begin(): void {
    this.#began = performance.now();
  }

  /** Seconds since the phases began. */
  get second(): number {
    return this.#began === undefined ? 0 : (performance.now() - this.#began) / 1000;
  }

  /** Requests per second now. */
  get requestsPerSecond(): number {
    return this.#phases.findLast(({ fromSecond }) => fromSecond <= this.second)?.requestsPerSecond ?? 0;
  }

  /** Cores that a pod uses: little, as the GPU computes. */
  coresOf(name: string): number {
    return 0.2 + 0.01 * this.#stateOf(name).inflight;
  }

  #ready(): Pod[] {
    return this.#pods.select(this.#filter).filter(isReady);
  }

  #stateOf(name: string): PodState {
    const state = this.#states.get(name) ?? { queued: 0, inflight: 0, answered: 0 };
    this.#states.set(name, state);
    return state;
  }

  #tick(): void {
    const now = performance.now();
    const elapsed = (now - this.#last) / 1000;
    this.#last = now;
    const ready = this.#ready();
    for (const { metadata } of ready) {
      const state = this.#stateOf(metadata.name);
      const offered = state.queued + (this.requestsPerSecond / ready.length) * elapsed;
      const answered = Math.min(offered, this.#capacity.requestsPerSecond * elapsed);
      state.queued = offered - answered;
      state.answered += answered;
      state.inflight = (answered / elapsed) * this.#capacity.answerSeconds;
    }
  }

  #targets(): string {
    const address = this.#server.address() as AddressInfo;
    const targets = [`127.0.0.1:${address.port}`];
    const running = this.#pods.select(this.#filter).filter(({ status }) => status.phase === 'Running');
    return JSON.stringify(
      running.map(({ metadata: { name, namespace } }) => ({
        targets,
        labels: { __metrics_path__: `/pods/${name}`, instance: name, pod: name, namespace },
      })),
    );
  }

  #metricsOf(name: string): string {
    const { queued, inflight, answered } = this.#stateOf(name);
    const counter = answered === 0 ? [] : [`${METRICS.requests}{${LABELS}} ${answered}`];
    return [
      `${METRICS.buildInfo} 1`,
      `${METRICS.queueItems} ${queued}`,
      `${METRICS.inflightItems} ${inflight}`,
      ...counter,
      '',
    ].join('\n');
  }
}
