import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { selfTestImage } from '../../../model/package/self-test.ts';

// A package has the probabilities that its compiler found for these images: with others, no package that was compiled
// before would pass its self-test.
it.each([
  [0, 480, 'fdfac6d7eca9c0215c114793df1aee164131d22e6d5cdb339e30a5ffd50b0ddc'],
  [1, 480, '94d5c4e779a6955a71bdd4aa7324634f492ef3bd505c6f60dd89309fb2e748d6'],
  [2, 7, '3cfb67518e838793e5458db7b28b312ebdc3b6e6e071f5fb980300e5275f9204'],
])('the image of seed %i, %i pixels wide, is the same in all versions', (seed, size, sha256) => {
  const pixels = selfTestImage(seed, size);
  expect(pixels).toHaveLength(size * size * 3);
  expect(createHash('sha256').update(pixels).digest('hex')).toBe(sha256);
});
