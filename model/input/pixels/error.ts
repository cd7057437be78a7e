import { IMAGE_FORMATS } from '../../image-format.ts';
import type { ForeignFormat } from './foreign-formats.ts';
import { IMAGE_LIMITS } from './limits.ts';

/**
 * Why an image was rejected: it is in none of the formats that are decoded (or in a rare variety of one), it is
 * damaged, or it exceeds a limit.
 */
export type PixelsErrorCode = 'unsupported' | 'corrupt' | 'too-large';

const MESSAGES: Record<PixelsErrorCode, string> = {
  unsupported: `The image is not a ${IMAGE_FORMATS} file that can be read.`,
  corrupt: 'The image is damaged or incomplete and cannot be decoded.',
  'too-large': `The image is too large: at most ${IMAGE_LIMITS} can be decoded.`,
};

/**
 * An image that cannot be decoded, through the fault of its sender. The message is one of a closed set and never
 * contains the decoder's own message, which may leak addresses.
 */
export class PixelsError extends Error {
  override readonly name = 'PixelsError';
  readonly code: PixelsErrorCode;

  /** @param options.detail a sentence instead of the usual one */
  constructor(code: PixelsErrorCode, { detail, ...options }: ErrorOptions & { readonly detail?: string } = {}) {
    super(detail ?? MESSAGES[code], options);
    this.code = code;
  }
}

/** The error of a file whose format or variety is known but not decoded. */
export function unsupported({ name, instead }: ForeignFormat): PixelsError {
  return new PixelsError('unsupported', { detail: `The image is ${name}, which is not supported: ${instead}.` });
}

/** How V8, Node.js, libvips and libjpeg say that they got no memory. */
const NO_MEMORY =
  /Array buffer allocation failed|Failed to allocate memory|: out of memory -- size == |Insufficient memory \(case /;

/**
 * What to throw where a file could not be read: 'corrupt', unless the process had no memory for it, which is not the
 * file's fault.
 */
export function unreadable(error: unknown): Error {
  if (error instanceof Error && NO_MEMORY.test(error.message)) {
    return new Error('There was not enough memory to decode the image.', { cause: error });
  }
  return new PixelsError('corrupt', { cause: error });
}
