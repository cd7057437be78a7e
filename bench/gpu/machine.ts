import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Check, Context, Finding } from './check.ts';
import { gibibytes, table } from './check.ts';

/** What ONNX Runtime's build for CUDA 13 needs: see docs/gpu.md. The build for CUDA 12 is content with less. */
const NEEDED = { driver: 580, capability: 7.5 } as const;

/** What the figures were measured on, and whether the driver fits. */
export const machineCheck: Check = {
  name: 'machine',
  run: (context) => Promise.resolve(describe(context)),
};

function describe({ device, gpus }: Context): Finding {
  const host = [
    `- processors: ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`,
    `- memory: ${gibibytes(totalmem())}`,
    `- Node ${process.versions.node}`,
  ].join('\n');
  if (device === 'cpu') {
    const summary = 'No GPU is used: this run proves the checks, and says nothing of CUDA.';
    return { verdict: 'measured', summary, details: host };
  }
  const rows = gpus.map(({ index, name, computeCapability, driver, totalBytes, freeBytes }) => [
    index,
    name,
    computeCapability,
    driver,
    totalBytes === undefined ? 'not told' : gibibytes(totalBytes),
    freeBytes === undefined ? 'not told' : gibibytes(freeBytes),
  ]);
  const details = `${host}\n\n${table(['GPU', 'name', 'capability', 'driver', 'memory', 'free'], rows)}`;
  const unfit = gpus.filter(
    ({ driver, computeCapability }) =>
      Number.parseInt(driver) < NEEDED.driver || Number(computeCapability) < NEEDED.capability,
  );
  return {
    verdict: unfit.length === 0 ? 'passed' : 'measured',
    summary:
      unfit.length === 0
        ? `${gpus.map(({ name }) => name).join(', ')}: driver and compute capability fit ONNX Runtime's build for CUDA 13.`
        : `GPU ${unfit.map(({ index }) => index).join(', ')} has a driver before ${NEEDED.driver} or a capability below ${NEEDED.capability}: only the build for CUDA 12 can run on it.`,
    details,
    data: gpus,
  };
}
