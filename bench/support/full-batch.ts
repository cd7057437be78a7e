import type { Manifest } from '../../model/package/manifest.ts';
import { selfTestImage } from '../../model/package/self-test.ts';
import type { EngineBatch } from '../../service/engine/protocol.ts';

/** A batch of different generated pictures, and of tokens from the self-test that fill the whole length. */
export function fullBatch(manifest: Manifest, size: number, length: number): EngineBatch {
  const { bos, eos } = manifest.text.specialTokens;
  const words = manifest.selfTest.cases.flatMap(({ inputIds }) => inputIds.slice(1, -1));
  return {
    images: Array.from({ length: size }, (_, i) => selfTestImage(i, manifest.image.size)),
    items: Array.from({ length: size }, (_, i) => ({
      image: i,
      inputIds: [bos, ...Array.from({ length: length - 2 }, (__, t) => words[(i * 7 + t) % words.length] ?? eos), eos],
    })),
    length,
  };
}
