import type { TextSettings } from '../../model/input/tokens.ts';

/** The text settings of the checkpoint. The service reads them from the compiled package. */
export const TEXT: TextSettings = {
  prompts: {
    hypothesis: ' does the image describe " {} "?',
    premise: ' can image and text1 " {} " imply text2 " {} "?',
  },
  maxWords: 80,
  maxTokens: 80,
  lengths: [82],
  specialTokens: { bos: 0, pad: 1, eos: 2 },
};
