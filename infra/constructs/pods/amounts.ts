import { canonicalCpu, canonicalMemory } from '../../config/fields.ts';
import type { WorkloadConfig } from '../../config/schema.ts';

/** CPU, memory and disk of a container, as the API server writes them. */
export function amountsOf({ cpu, memory, ephemeralStorage }: WorkloadConfig['resources']['requests']) {
  return {
    cpu: canonicalCpu(cpu),
    memory: canonicalMemory(memory),
    'ephemeral-storage': canonicalMemory(ephemeralStorage),
  };
}
