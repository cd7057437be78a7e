import { cpuMemoryNeed, gpuMemoryNeed } from '../../service/engine/device/memory.ts';
import type { Check } from './check.ts';
import { gibibytes } from './check.ts';
import type { Subject } from './subjects.ts';

/** Whether the need for memory that is estimated from the manifest holds: what the service checks before it loads. */
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
        return { verdict: 'skipped', summary: 'Nothing here tells how much memory is in use.' };
      }
      // On a CPU the weights are mapped, which is no memory of the process's own.
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
