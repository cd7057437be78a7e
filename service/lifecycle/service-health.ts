import type { EnginePool, PooledEngine } from '../engine/process/pool.ts';
import type { Verdict, WatchedHealth } from '../requests/health.ts';

const YES: Verdict = { ok: true };

/** The service's health, from the state of its engines and whether it is shutting down. */
export class ServiceHealth implements WatchedHealth {
  readonly #pool: EnginePool;
  readonly #listeners: (() => void)[] = [];
  #draining = false;
  #hasBeenReady = false;

  constructor(pool: EnginePool) {
    this.#pool = pool;
    pool.on('state', (state) => {
      if (state.phase === 'ready') this.#hasBeenReady = true;
      this.#changed();
    });
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Reports not ready from now on, so that no new requests are sent. */
  drain(): void {
    this.#draining = true;
    this.#changed();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** After an engine has failed for good the service ends by itself; until then the other engines answer. */
  live(): Verdict {
    const isDead = this.#pool.state.phase === 'failed' && !this.#pool.isReady;
    return isDead ? no(this.#reason()) : YES;
  }

  /** Ready while an engine is ready, unless another has failed for good, because then the service is about to end. */
  ready(): Verdict {
    const { phase } = this.#pool.state;
    if (phase === 'failed') return no(this.#reason());
    if (this.#draining) return no('the service is shutting down');
    return phase === 'ready' ? YES : no(this.#reason());
  }

  started(): Verdict {
    return this.#hasBeenReady ? YES : no('the engine is loading the model');
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The state of each engine. */
  #reason(): string {
    const { engines } = this.#pool;
    return engines.map((engine) => `${nameOf(engine, engines.length)} ${doingOf(engine)}`).join('; ');
  }
}

function nameOf({ id, gpu }: PooledEngine, count: number): string {
  if (count === 1) return 'the engine';
  return gpu === undefined ? `engine ${id}` : `engine ${id} on GPU ${gpu.index}`;
}

function doingOf({ supervisor: { state } }: PooledEngine): string {
  switch (state.phase) {
    case 'ready':
      return 'is ready';
    case 'starting':
      return 'is loading the model';
    case 'replacing':
      return `is being replaced: ${state.failure.message}`;
    case 'failed':
      return state.failure.isFinal
        ? `cannot start: ${state.failure.message}`
        : `failed too often, the last time: ${state.failure.message}`;
    case 'stopped':
      return 'is stopped';
  }
}

function no(reason: string): Verdict {
  return { ok: false, reason };
}
