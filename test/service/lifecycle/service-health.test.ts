import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EngineFailure } from '../../../service/engine/process/failure.ts';
import type { EnginePool } from '../../../service/engine/process/pool.ts';
import type { EngineState } from '../../../service/engine/process/engine-state.ts';
import { ServiceHealth } from '../../../service/lifecycle/service-health.ts';

const failure = new EngineFailure('crash', 'simulated');
const info = { provider: 'cpu', loadMs: 1, warmupMs: 0, selfTestDeviation: 0, itemMs: 1 } as const;
const STATES: Readonly<Record<EngineState['phase'], EngineState>> = {
  starting: { phase: 'starting' },
  ready: { phase: 'ready', info },
  replacing: { phase: 'replacing', failure },
  failed: { phase: 'failed', failure },
  stopped: { phase: 'stopped' },
};
type Phase = keyof typeof STATES;

/** A pool whose engines have the phases that the test sets; its own state follows as in the real one. */
class FakePool extends EventEmitter {
  phases: readonly Phase[] = ['starting'];

  become(...phases: Phase[]): void {
    this.phases = phases;
    this.emit('state', this.state);
  }

  get engines(): unknown[] {
    return this.phases.map((phase, id) => ({ id, supervisor: { state: STATES[phase] } }));
  }

  get state(): EngineState {
    const order: Phase[] = ['failed', 'ready', 'replacing', 'starting', 'stopped'];
    return STATES[order.find((phase) => this.phases.includes(phase)) ?? 'stopped'];
  }

  get isReady(): boolean {
    return this.phases.includes('ready');
  }
}

function setup(): { pool: FakePool; health: ServiceHealth } {
  const pool = new FakePool();
  return { pool, health: new ServiceHealth(pool as unknown as EnginePool) };
}

const yes = { ok: true };
const no = (reason: string): object => ({ ok: false, reason });

describe('a service', () => {
  it('is live but not ready while its engine loads, and started once it has been ready', () => {
    const { pool, health } = setup();
    const loading = no('the engine is loading the model');
    expect([health.live(), health.ready(), health.started()]).toEqual([yes, loading, loading]);
    pool.become('ready');
    expect([health.live(), health.ready(), health.started()]).toEqual([yes, yes, yes]);
  });

  it('is live but not ready while its engine is replaced, and says why', () => {
    const { pool, health } = setup();
    pool.become('ready');
    pool.become('replacing');
    const reason = no('the engine is being replaced: simulated');
    expect([health.live(), health.ready(), health.started()]).toEqual([yes, reason, yes]);
  });

  it('is not live once its engine has failed for good', () => {
    const { pool, health } = setup();
    pool.become('ready');
    pool.become('failed');
    const reason = no('the engine failed too often, the last time: simulated');
    expect([health.live(), health.ready()]).toEqual([reason, reason]);
  });

  it('is live but not ready while another engine can answer, because it is about to end', () => {
    const { pool, health } = setup();
    pool.become('ready', 'failed');
    expect(health.live()).toEqual(yes);
    expect(health.ready()).toEqual(no('engine 0 is ready; engine 1 failed too often, the last time: simulated'));
    pool.become('replacing', 'failed');
    expect(health.live()).toMatchObject({ ok: false });
  });

  it('is live but not ready while it drains', () => {
    const { pool, health } = setup();
    pool.become('ready');
    health.drain();
    expect([health.live(), health.ready()]).toEqual([yes, no('the service is shutting down')]);
  });
});
