import { availableParallelism, totalmem } from 'node:os';
import { cudaIncompatibility } from '../../service/engine/device/cuda-build.ts';
import type { Check, Context, Finding } from './check.ts';
import { gibibytes, processorName, table } from '../support/format.ts';

/** The machine that the figures were measured on, and whether its GPUs and driver meet the requirements. */
export const machineCheck: Check = {
  name: 'machine',
  run: (context) => Promise.resolve(describe(context)),
};

function describe({ device, gpus }: Context): Finding {
  const host = [
    `- processors: ${processorName()}, ${availableParallelism()} threads`,
    `- memory: ${gibibytes(totalmem())}`,
    `- Node ${process.versions.node}`,
  ].join('\n');
  if (device === 'cpu') {
    const summary = 'No GPU is used: this run tests the checks, but says nothing about CUDA.';
    return { verdict: 'measured', summary, details: host };
  }
  const rows = gpus.map(({ index, name, computeCapability, driver, totalBytes, freeBytes }) => [
    index,
    name,
    computeCapability,
    driver,
    totalBytes === undefined ? 'unknown' : gibibytes(totalBytes),
    freeBytes === undefined ? 'unknown' : gibibytes(freeBytes),
  ]);
  const details = `${host}\n\n${table(['GPU', 'name', 'capability', 'driver', 'memory', 'free'], rows)}`;
  const unfit = gpus.flatMap((gpu) => cudaIncompatibility(gpu) ?? []);
  return {
    verdict: unfit.length === 0 ? 'passed' : 'measured',
    summary:
      unfit.length === 0
        ? `${gpus.map(({ name }) => name).join(', ')}: driver and compute capability meet the requirements of the installed ONNX Runtime.`
        : `${unfit.map(({ reason, remedy }) => `${reason}; ${remedy}`).join('. ')}.`,
    details,
    data: gpus,
  };
}
