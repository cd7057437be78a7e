import { MIB } from '../../model/bytes.ts';
import { memoryLimit } from '../../model/memory-limit.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { enginesMemoryNeed } from '../engine/device/memory.ts';
import type { EnginePlan } from '../engine/device/plan.ts';
import { bodiesBytes, featureCacheBytes, LEAST_PIXEL_BYTES, SERVICE_BYTES } from '../settings/memory.ts';
import type { Settings } from '../settings/definitions.ts';

/** Enough for several of the largest images at once. */
const MOST_PIXEL_BYTES = 4096 * MIB;

/** Memory for decoding images. */
export interface PixelMemory {
  /** Most bytes that decoding may take in total. */
  readonly bytes: number;
  /** A sentence for the log, if the process has too little memory. */
  readonly warning?: string;
}

/**
 * What the memory of this process leaves for decoding images: its limit without what engines, request bodies and the
 * service itself may take.
 *
 * @param memory what the model package needs
 * @param limitBytes memory of this process and its children @default what the system allows
 */
export function pixelMemory(
  plan: Pick<EnginePlan, 'device' | 'engines'>,
  memory: Manifest['memory'],
  settings: Pick<Settings, 'MAX_BATCH' | 'FEATURE_CACHE_MB' | 'MAX_BODIES_MB'>,
  limitBytes = memoryLimit(),
): PixelMemory {
  const engines = enginesMemoryNeed(memory, plan, settings.MAX_BATCH, featureCacheBytes(settings));
  const rest = limitBytes - engines - bodiesBytes(settings) - SERVICE_BYTES;
  if (rest >= LEAST_PIXEL_BYTES) return { bytes: Math.min(rest, MOST_PIXEL_BYTES) };
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
  const needed = mebibytes(limitBytes - rest + LEAST_PIXEL_BYTES);
  return {
    bytes: LEAST_PIXEL_BYTES,
    warning: `the memory limit is ${mebibytes(limitBytes)}, but the engines, request bodies (MAX_BODIES_MB) and decoding may need ${needed}; allow that, or set MAX_BODIES_MB or FEATURE_CACHE_MB lower`,
  };
}
