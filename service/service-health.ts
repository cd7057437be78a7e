import type { EngineSupervisor } from './engine/supervisor.ts';
import type { Health, Verdict } from './http/health.ts';

const YES: Verdict = { ok: true };

/** The service's health: what its engine does, and whether it is leaving. */
export class ServiceHealth implements Health {
  readonly #supervisor: EngineSupervisor;
  #draining = false;
  #hasBeenReady = false;

  constructor(supervisor: EngineSupervisor) {
    this.#supervisor = supervisor;
    supervisor.on('state', (state) => {
      if (state.phase === 'ready') this.#hasBeenReady = true;
    });
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** From now on not ready: nothing new should come. */
  drain(): void {
    this.#draining = true;
  }

  live(): Verdict {
    const state = this.#supervisor.state;
    if (state.phase !== 'failed') return YES;
    return no(`the engine failed too often, the last time: ${state.failure.message}`);
  }

  ready(): Verdict {
    if (this.#draining) return no('the service is shutting down');
    const state = this.#supervisor.state;
    switch (state.phase) {
      case 'ready':
        return YES;
      case 'starting':
        return no('the engine is loading the model');
      case 'replacing':
        return no(`the engine is being replaced: ${state.failure.message}`);
      case 'failed':
        return this.live();
      case 'stopped':
        return no('the engine is stopped');
    }
  }

  started(): Verdict {
    return this.#hasBeenReady ? YES : no('the engine is loading the model');
  }
}

function no(reason: string): Verdict {
  return { ok: false, reason };
}
