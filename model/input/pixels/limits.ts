import { withThousands } from '../../thousands.ts';

/** Most pixels. Pillow rejects larger images as decompression bombs. */
export const MAX_PIXELS = 178_956_970;
/** Longest side in pixels. */
export const MAX_SIDE = 20_000;
/** Most scans of a JPEG. */
export const MAX_SCANS = 100;

const [pixels, side, scans] = [MAX_PIXELS, MAX_SIDE, MAX_SCANS].map(withThousands);

/** The limits in words. */
export const IMAGE_LIMITS = `${pixels} pixels, ${side} a side and ${scans} scans`;
