import { MIB } from '../../../model/bytes.ts';
import { memoryLimit } from '../../../model/memory-limit.ts';
import type { Manifest } from '../../../model/package/manifest.ts';
import type { Provider } from '../protocol.ts';
import type { Gpu, Obstacle } from './visible-gpus.ts';

type Memory = Manifest['memory'];

const GIB = 1024 ** 3;

/**
 * GPU memory of a process besides its tensors: the CUDA context, and the kernels of ONNX Runtime, cuBLAS and cuDNN,
 * which are loaded on first use. Usually 300 to 500 MiB.
 */
const CONTEXT_BYTES = 512 * MIB;
/** Workspaces of cuBLAS (32 MiB per handle on newer GPUs) and of the convolution algorithms that cuDNN tries out. */
const WORKSPACE_BYTES = 512 * MIB;
/**
 * ONNX Runtime's arena grows in powers of two (`arena_extend_strategy` kNextPowerOfTwo, which the Node.js binding cannot
 * change), so that it can be twice as large as the activations.
 */
const ARENA_GROWTH = 2;
/** Node.js and ONNX Runtime's library. A CPU session has no arena: see session-options.ts. */
const CPU_PROCESS_BYTES = 256 * MIB;

/** Estimate of the GPU memory that an engine needs, in bytes. */
export function gpuMemoryNeed({ weightsBytes, activationBytesPerItem }: Memory, maxBatch: number): number {
  return weightsBytes + ARENA_GROWTH * activationBytesPerItem * maxBatch + CONTEXT_BYTES + WORKSPACE_BYTES;
}

/**
 * Estimate of the memory that an engine on a CPU needs, in bytes, including the weights it maps from their file.
 *
 * @param cacheBytes most bytes of image features that it keeps
 */
export function cpuMemoryNeed(
  { weightsBytes, activationBytesPerItem }: Memory,
  maxBatch: number,
  cacheBytes = 0,
): number {
  return weightsBytes + activationBytesPerItem * maxBatch + cacheBytes + CPU_PROCESS_BYTES;
}

/** Main memory of an engine on a GPU besides the weights: CUDA's libraries and the buffers for its copies. */
const CUDA_PROCESS_BYTES = GIB;

/** Estimate of the main memory that all engines need, in bytes. Those on GPUs share the weights, which are mapped. */
export function enginesMemoryNeed(
  memory: Memory,
  { device, engines }: { readonly device: Provider; readonly engines: readonly unknown[] },
  maxBatch: number,
  cacheBytes: number,
): number {
  return device === 'cpu'
    ? engines.length * cpuMemoryNeed(memory, maxBatch, cacheBytes)
    : memory.weightsBytes + engines.length * (CUDA_PROCESS_BYTES + cacheBytes);
}

/** Why the model does not fit a GPU; undefined if it does, or if the driver does not report the memory. */
export function gpuMemoryShortage(gpu: Gpu, memory: Memory, maxBatch: number): Obstacle | undefined {
  const { totalBytes, freeBytes = totalBytes } = gpu;
  const need = gpuMemoryNeed(memory, maxBatch);
  if (freeBytes === undefined || need <= freeBytes) return undefined;
  const of = totalBytes === undefined ? '' : ` of ${gibibytes(totalBytes)}`;
  const fitting = largestBatch(maxBatch, freeBytes, (batch) => gpuMemoryNeed(memory, batch));
  return {
    reason: `the model needs about ${gibibytes(need)} of GPU memory at MAX_BATCH ${maxBatch}, and GPU ${gpu.index} (${gpu.name}) has ${gibibytes(freeBytes)}${of} free`,
    remedy:
      fitting === 0
        ? `even MAX_BATCH 1 needs ${gibibytes(gpuMemoryNeed(memory, 1))}, so give it a GPU with that much free`
        : `set MAX_BATCH to ${fitting}, or give it a GPU with that much free`,
  };
}

interface CpuMemoryOptions {
  readonly engines: number;
  /** Most bytes of image features that each engine keeps. @default 0 */
  readonly cacheBytes?: number;
  /** Memory that the engines may use. @default what this process and its children may use */
  readonly limitBytes?: number;
}

/**
 * Warns if engines on the CPU may exceed the machine's memory or the container's limit. It is only a warning because the
 * system can evict mapped weights, and because the estimate assumes that every page of the activations is touched.
 */
export function cpuMemoryWarning(
  memory: Memory,
  maxBatch: number,
  { engines, cacheBytes = 0, limitBytes = memoryLimit() }: CpuMemoryOptions,
): string | undefined {
  const need = (batch: number): number => engines * cpuMemoryNeed(memory, batch, cacheBytes);
  if (need(maxBatch) <= limitBytes) return undefined;
  const fitting = largestBatch(maxBatch, limitBytes, need);
  const subject = engines === 1 ? 'the engine needs' : `${engines} engines need`;
  const remedy = fitting === 0 ? 'give it more memory' : `MAX_BATCH ${fitting} would fit`;
  return `${subject} about ${gibibytes(need(maxBatch))} of memory at MAX_BATCH ${maxBatch}, but the limit is ${gibibytes(limitBytes)}, past which the system kills processes; ${remedy}`;
}

/** The largest batch below `maxBatch` that fits; 0 if not even one item does. */
function largestBatch(maxBatch: number, available: number, need: (batch: number) => number): number {
  let batch = maxBatch - 1;
  while (batch > 0 && need(batch) > available) batch--;
  return batch;
}

function gibibytes(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
