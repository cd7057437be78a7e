import { totalmem } from 'node:os';

import type { Manifest } from '../../../model/package/manifest.ts';
import type { Gpu, Obstacle } from './visible-gpus.ts';

type Memory = Manifest['memory'];

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/**
 * What a process takes of a GPU before it holds any tensor: the context, the kernels of ONNX Runtime, cuBLAS and cuDNN
 * that are loaded as they are met. 300 to 500 MiB are usual.
 */
const CONTEXT_BYTES = 512 * MIB;
/** Scratch memory of cuBLAS (32 MiB a handle on newer GPUs) and of the convolutions that cuDNN's search tries out. */
const WORKSPACE_BYTES = 512 * MIB;
/**
 * ONNX Runtime's arena grows by doubling (`arena_extend_strategy` kNextPowerOfTwo, which its Node.js binding cannot
 * change), so that up to twice of what the activations need is taken.
 */
const ARENA_GROWTH = 2;
/** Node.js and ONNX Runtime's library. There is no arena on a CPU: the session switches it off. */
const CPU_PROCESS_BYTES = 256 * MIB;

/** Bytes of GPU memory that an engine needs, estimated from the package's manifest. */
export function gpuMemoryNeed({ weightsBytes, activationBytesPerItem }: Memory, maxBatch: number): number {
  return weightsBytes + ARENA_GROWTH * activationBytesPerItem * maxBatch + CONTEXT_BYTES + WORKSPACE_BYTES;
}

/** Bytes of memory that an engine on a CPU needs; its weights are mapped from the file. */
export function cpuMemoryNeed({ weightsBytes, activationBytesPerItem }: Memory, maxBatch: number): number {
  return weightsBytes + activationBytesPerItem * maxBatch + CPU_PROCESS_BYTES;
}

/** Why the model does not fit a GPU; undefined where it does, or where the driver does not tell. */
export function gpuMemoryShortage(gpu: Gpu, memory: Memory, maxBatch: number): Obstacle | undefined {
  const { totalBytes, freeBytes = totalBytes } = gpu;
  const need = gpuMemoryNeed(memory, maxBatch);
  if (freeBytes === undefined || need <= freeBytes) return undefined;
  const of = totalBytes === undefined ? '' : ` of ${gibibytes(totalBytes)}`;
  const fitting = largestBatch(memory, maxBatch, freeBytes, gpuMemoryNeed);
  return {
    reason: `the model needs about ${gibibytes(need)} of GPU memory at MAX_BATCH ${maxBatch}, and GPU ${gpu.index} (${gpu.name}) has ${gibibytes(freeBytes)}${of} free`,
    remedy:
      fitting === 0
        ? `even MAX_BATCH 1 needs ${gibibytes(gpuMemoryNeed(memory, 1))}, so give it a GPU with that much free`
        : `set MAX_BATCH to ${fitting}, or give it a GPU with that much free`,
  };
}

/**
 * A warning where engines on the CPU may not fit the machine or the container's limit. No more than a warning: mapped
 * weights can be read again, and the estimate counts every activation as if all pages were touched.
 *
 * @param limitBytes memory of the machine, or its share that the container may use
 */
export function cpuMemoryWarning(
  memory: Memory,
  maxBatch: number,
  engines: number,
  limitBytes: number = memoryLimit(),
): string | undefined {
  const need = (batch: number): number => engines * cpuMemoryNeed(memory, batch);
  if (need(maxBatch) <= limitBytes) return undefined;
  const fitting = largestBatch(memory, maxBatch, limitBytes, (_, batch) => need(batch));
  const who = engines === 1 ? 'the engine needs' : `${engines} engines need`;
  const right = fitting === 0 ? 'give it more memory' : `MAX_BATCH ${fitting} would fit`;
  return `${who} about ${gibibytes(need(maxBatch))} of memory at MAX_BATCH ${maxBatch}, but the limit is ${gibibytes(limitBytes)}, and past it the system ends processes; ${right}`;
}

/** Memory that this process and its children may use: the container's limit, else what the machine has. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** The largest batch below `maxBatch` that fits; 0 where not even one item does. */
function largestBatch(
  memory: Memory,
  maxBatch: number,
  available: number,
  need: (memory: Memory, batch: number) => number,
): number {
  let batch = maxBatch - 1;
  while (batch > 0 && need(memory, batch) > available) batch--;
  return batch;
}

function gibibytes(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
