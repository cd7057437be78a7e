import { MIB } from '../../model/bytes.ts';
import type { Settings } from './definitions.ts';

/**
 * Memory of the service's own process besides request bodies and decoding: 170 MiB idle, and what two threads hold that
 * parse JSON with pictures in base64.
 */
export const SERVICE_BYTES = 320 * MIB;

/** Least memory for decoding: that of one photo of 16 megapixels in any usual format. */
export const LEAST_PIXEL_BYTES = 160 * MIB;

/** Most bytes of image features that each engine keeps. */
export function featureCacheBytes({ FEATURE_CACHE_MB }: Pick<Settings, 'FEATURE_CACHE_MB'>): number {
  return FEATURE_CACHE_MB * MIB;
}

/** Most bytes of request bodies in memory. */
export function bodiesBytes({ MAX_BODIES_MB }: Pick<Settings, 'MAX_BODIES_MB'>): number {
  return MAX_BODIES_MB * MIB;
}
