import type { InferenceSession } from 'onnxruntime-node';

import { exactInt8 } from '../../../model/vnni.ts';
import type { Provider } from '../protocol.ts';

/** Microseconds for which a thread looks for the next node's work before it sleeps. */
const SPIN_US = '20';

/**
 * Options of a session on a CPU, or on the first visible GPU. This file does not load ONNX Runtime, since a process can
 * load only one release of it and a benchmark tries others.
 */
export function sessionOptions(provider: Provider, threads: number): InferenceSession.SessionOptions {
  if (provider === 'cuda') {
    return {
      executionProviders: [{ name: 'cuda', deviceId: 0 }],
      graphOptimizationLevel: 'all',
      // Fails to load a graph with a node that CUDA cannot run, rather than running that node on the CPU.
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    };
  }
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // The arena takes three times the memory at batch 8 and is no faster.
    enableCpuMemArena: false,
    // Without spinning, waking a thread costs as much as a small node; spinning for long would take processor time from
    // decoding the next pictures.
    extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: SPIN_US }, ...exactInt8() } },
  };
}
