import { cpuMemoryNeed, gpuMemoryNeed } from '../../service/engine/device/memory.ts';
import type { Check } from './check.ts';
import { gibibytes } from '../support/format.ts';
import type { Subject } from './subjects.ts';

/** Whether the memory in use stays within the estimate that the service checks before it loads a model. */
export function memoryCheck(subject: Subject): Check {
  return {
    name: 'memory',
    subject: subject.name,
    async run(context) {
      const { memory } = subject.manifest;
      const { gpuBytes, anonymousBytes } = await context.sessionRun(subject);
      const onGpu = context.device === 'cuda';
      const need = (onGpu ? gpuMemoryNeed : cpuMemoryNeed)(memory, context.maxBatch);
      const used = onGpu ? gpuBytes : anonymousBytes;
      if (used === undefined) {
        return { verdict: 'skipped', summary: 'The memory in use is not reported here.' };
      }
      // On a CPU the weights are mapped from a file and not part of the anonymous memory.
      const most = onGpu ? used : used + memory.weightsBytes;
      const data = { estimatedBytes: need, usedBytes: most, maxBatch: context.maxBatch };
      const figures = `${gibibytes(most)} in use at batch ${context.maxBatch}, ${gibibytes(need)} estimated`;
      if (most <= need) return { verdict: 'passed', summary: `${figures}.`, data };
      return {
        verdict: onGpu ? 'failed' : 'measured',
        summary: `${figures}: the estimate is too low${onGpu ? '; raise the allowances in service/engine/device/memory.ts' : ''}.`,
        data,
      };
    },
  };
}
