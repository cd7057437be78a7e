import { EventEmitter } from 'node:events';

import type { ModelPackage } from '../../../model/package/open-package.ts';
import type { EnginePlan } from '../device/plan.ts';
import type { Gpu } from '../device/visible-gpus.ts';
import { KERNEL_ENVIRONMENT } from './attention-kernels.ts';
import { whenReady, type EngineState } from './engine-state.ts';
import type { EngineFailure } from './failure.ts';
import { EngineSupervisor, type SupervisorOptions, type WithoutCuda } from './supervisor.ts';

export interface PoolOptions extends Omit<SupervisorOptions, 'load' | 'environment' | 'ifCudaFails'> {
  readonly plan: EnginePlan;
  readonly modelPackage: ModelPackage;
  readonly maxBatch: number;
  /** Most bytes of image features that each engine keeps. @default 0, which keeps none */
  readonly cacheBytes?: number;
}

/** One engine of a pool. */
export interface PooledEngine {
  /** Its number, from 0. */
  readonly id: number;
  /** The GPU that it alone uses; undefined on a CPU, or where GPUs cannot be listed. */
  readonly gpu?: Gpu;
  readonly supervisor: EngineSupervisor;
}

interface PoolEvents {
  /** The pool's state, after that of any engine changed. */
  state: [EngineState];
  /** An engine was lost or did not start. */
  failure: [EngineFailure];
}

/**
 * The engines of a service, each with its own supervisor. The pool is ready while at least one engine is, and has failed
 * as soon as one has failed for good: a pod that lost a GPU should be replaced, not limp on.
 */
export class EnginePool extends EventEmitter<PoolEvents> {
  readonly plan: EnginePlan;
  readonly engines: readonly PooledEngine[];

  constructor({ plan, modelPackage, maxBatch, cacheBytes = 0, ...options }: PoolOptions) {
    super();
    this.setMaxListeners(50);
    this.plan = plan;
    this.engines = plan.engines.map(({ gpu }, id) => {
      const supervisor = new EngineSupervisor({
        ...options,
        ...(plan.fallsBack ? { ifCudaFails: () => this.#withoutCuda(id) } : {}),
        environment: environmentOf(plan, gpu),
        load: {
          modelPackage,
          maxBatch,
          cacheBytes,
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

  /** The state of the engines as a whole, see the class. When ready, it is that of the first ready engine. */
  get state(): EngineState {
    const states = this.engines.map(({ supervisor }) => supervisor.state);
    for (const phase of ['failed', 'ready', 'replacing', 'starting'] as const) {
      const state = states.find((one) => one.phase === phase);
      if (state !== undefined) return state;
    }
    return { phase: 'stopped' };
  }

  /** Whether any engine can run a batch now, even if another one has failed for good. */
  get isReady(): boolean {
    return this.engines.some(({ supervisor }) => supervisor.isReady);
  }

  /** Process id of the first engine that is running. */
  get pid(): number | undefined {
    return this.engines.find(({ supervisor }) => supervisor.pid !== undefined)?.supervisor.pid;
  }

  start(): void {
    for (const { supervisor } of this.engines) supervisor.start();
  }

  /** @throws EngineGone when no engine will become ready any more */
  whenReady(): Promise<void> {
    return whenReady(this);
  }

  /** Stops all engines for good. */
  async stop(): Promise<void> {
    await Promise.all(this.engines.map(({ supervisor }) => supervisor.stop()));
  }

  /** An engine whose CUDA does not start is dropped, unless it is the last one: that one falls back to the CPU. */
  #withoutCuda(id: number): WithoutCuda {
    const others = this.engines.filter((engine) => engine.id !== id);
    return others.every(({ supervisor }) => supervisor.state.phase === 'stopped') ? 'cpu' : 'leave-out';
  }
}

/** Each process sees only its own GPU, as device 0. */
function environmentOf(plan: EnginePlan, gpu: Gpu | undefined): Record<string, string> {
  if (plan.device === 'cpu') return {};
  return { ...KERNEL_ENVIRONMENT, ...(gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: gpu.uuid }) };
}
