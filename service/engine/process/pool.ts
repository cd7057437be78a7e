import { EventEmitter } from 'node:events';

import { EngineGone } from './failure.ts';
import type { EngineFailure } from './failure.ts';
import type { Gpu } from '../device/visible-gpus.ts';
import { KERNEL_ENVIRONMENT } from './attention-kernels.ts';
import type { EnginePlan } from '../device/plan.ts';
import { EngineSupervisor } from './supervisor.ts';
import type { EngineState, SupervisorOptions, WithoutCuda } from './supervisor.ts';

export interface PoolOptions extends Omit<SupervisorOptions, 'load' | 'environment' | 'ifCudaFails'> {
  readonly plan: EnginePlan;
  /** Folder of the model package. */
  readonly packageDir: string;
  readonly maxBatch: number;
}

/** One engine of a pool. */
export interface PooledEngine {
  /** Its number, from 0. */
  readonly id: number;
  /** The GPU that it alone has; undefined on a CPU, or where the GPU is not known. */
  readonly gpu?: Gpu;
  readonly supervisor: EngineSupervisor;
}

interface PoolEvents {
  /** What all engines together are, after any of them changed. */
  state: [EngineState];
  /** An engine was lost or did not start. */
  failure: [EngineFailure];
}

/**
 * The engines of a service, each supervised by itself. Together they are ready while one of them is, and have failed as
 * soon as one has failed for good: with a GPU that is gone a pod is to be replaced, not to limp.
 */
export class EnginePool extends EventEmitter<PoolEvents> {
  readonly plan: EnginePlan;
  readonly engines: readonly PooledEngine[];

  constructor({ plan, packageDir, maxBatch, ...options }: PoolOptions) {
    super();
    this.setMaxListeners(50);
    this.plan = plan;
    this.engines = plan.engines.map(({ gpu }, id) => {
      const supervisor = new EngineSupervisor({
        ...options,
        ...(plan.fallsBack ? { ifCudaFails: () => this.#withoutCuda(id) } : {}),
        environment: environmentOf(plan, gpu),
        load: {
          packageDir,
          maxBatch,
          threads: plan.threads,
          device: plan.device,
          ...(plan.fallback === undefined ? {} : { fallback: plan.fallback }),
        },
      });
      supervisor.on('state', () => this.emit('state', this.state));
      supervisor.on('failure', (failure) => this.emit('failure', failure));
      return { id, ...(gpu === undefined ? {} : { gpu }), supervisor };
    });
  }

  /** What the engines are together: see the class. Ready, it is the first ready engine's state. */
  get state(): EngineState {
    const states = this.engines.map(({ supervisor }) => supervisor.state);
    for (const phase of ['failed', 'ready', 'replacing', 'starting'] as const) {
      const state = states.find((one) => one.phase === phase);
      if (state !== undefined) return state;
    }
    return { phase: 'stopped' };
  }

  /** Whether an engine can compute now, even where another one has failed for good. */
  get isReady(): boolean {
    return this.engines.some(({ supervisor }) => supervisor.isReady);
  }

  /** Process id of the first engine that runs. */
  get pid(): number | undefined {
    return this.engines.flatMap(({ supervisor }) => supervisor.pid ?? [])[0];
  }

  /** Starts the engines. */
  start(): void {
    for (const { supervisor } of this.engines) supervisor.start();
  }

  /** A GPU on which CUDA does not start is left out; where none is left, one engine takes the CPU. */
  #withoutCuda(id: number): WithoutCuda {
    const others = this.engines.filter((engine) => engine.id !== id);
    return others.every(({ supervisor }) => supervisor.state.phase === 'stopped') ? 'cpu' : 'leave-out';
  }

  /**
   * Waits for an engine that can run a batch.
   *
   * @throws EngineGone when none will come
   */
  async whenReady(): Promise<void> {
    for (;;) {
      const { state } = this;
      if (state.phase === 'failed') {
        throw new EngineGone(`the engine failed too often: ${state.failure.message}`);
      }
      if (state.phase === 'stopped') throw new EngineGone('the engine was stopped');
      if (this.isReady) return;
      await new Promise<void>((resolve) => {
        this.once('state', () => {
          resolve();
        });
      });
    }
  }

  /** Ends all engines and starts no other. */
  async stop(): Promise<void> {
    await Promise.all(this.engines.map(({ supervisor }) => supervisor.stop()));
  }
}

/** A process sees its own GPU alone, as device 0. */
function environmentOf(plan: EnginePlan, gpu: Gpu | undefined): Record<string, string> {
  if (plan.device === 'cpu') return {};
  return { ...KERNEL_ENVIRONMENT, ...(gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: gpu.uuid }) };
}
