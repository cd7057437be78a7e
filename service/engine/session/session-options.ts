import type { InferenceSession } from 'onnxruntime-node';

import type { Provider } from '../protocol.ts';

/**
 * How a session is made on a CPU, and on the first GPU that CUDA shows. Apart from what makes it: a process can hold one
 * release of ONNX Runtime, and a bench tries others.
 */
export function sessionOptions(provider: Provider, threads: number): InferenceSession.SessionOptions {
  return provider === 'cuda' ? cudaOptions() : cpuOptions(threads);
}

function cpuOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // The arena keeps three times the memory at batch 8 and gains no speed.
    enableCpuMemArena: false,
    // Spinning burns the processors that decode the next pictures.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

function cudaOptions(): InferenceSession.SessionOptions {
  return {
    executionProviders: [{ name: 'cuda', deviceId: 0 }],
    graphOptimizationLevel: 'all',
    // A node that would run on the CPU makes the load fail, instead of every answer slow.
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  };
}
