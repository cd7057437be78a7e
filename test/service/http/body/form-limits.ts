import type { FormLimits } from '../../../../service/http/body/form.ts';

/** Limits of a form with images and texts. */
export const LIMITS: FormLimits = {
  known: new Set(['image', 'text']),
  files: { names: new Set(['image']), notAFile: 'must be a file' },
  parts: 9,
  textBytes: 100,
  tooLong: 'is too long',
  repeated: { name: 'text', most: 9, tooMany: 'is repeated too often' },
};
