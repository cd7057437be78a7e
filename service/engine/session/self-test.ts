import type { Manifest } from '../../../model/package/manifest.ts';
import { paddedLength } from '../../../model/package/padded-length.ts';
import { selfTestImage } from '../../../model/package/self-test.ts';
import type { EngineInfo, EngineOutput } from '../protocol.ts';
import type { EngineSession } from './session.ts';

/** After this time no further case begins: with OFA-large on a CPU, each takes as long as loading the model. */
const ENOUGH_MS = 1000;

/**
 * Runs the test cases in the manifest, all of them if they are quick but at least the first one, and compares the
 * answers with the expected probabilities.
 *
 * @throws Error that names the case if one differs by more than the manifest's tolerance
 */
export async function runSelfTest(
  session: EngineSession,
  manifest: Manifest,
): Promise<Pick<EngineInfo, 'selfTestDeviation' | 'itemMs'>> {
  let selfTestDeviation = 0;
  const times: number[] = [];
  for (const [index, test] of manifest.selfTest.cases.entries()) {
    const images = [selfTestImage(test.imageSeed, manifest.image.size)];
    const startMs = performance.now();
    const output = await session.run({
      images,
      items: [{ image: 0, inputIds: test.inputIds }],
      length: paddedLength(manifest.text.lengths, test.inputIds.length),
    });
    times.push(performance.now() - startMs);
    selfTestDeviation = Math.max(selfTestDeviation, deviation(output, index, manifest));
    if (times.reduce((sum, time) => sum + time, 0) >= ENOUGH_MS) break;
  }
  // The fastest case, as the first one is slower.
  return { selfTestDeviation, itemMs: Math.min(...times) };
}

/** Largest difference from the probabilities that a case expects. @throws Error if it is more than the tolerance */
function deviation({ probabilities }: EngineOutput, index: number, { selfTest, answers }: Manifest): number {
  const differences = (selfTest.cases[index]?.probabilities ?? []).map((expected, answer) => {
    const got = probabilities[answer] ?? NaN;
    const difference = Math.abs(got - expected);
    // Not `>`: NaN must fail as well.
    if (!(difference <= selfTest.tolerance)) {
      throw new Error(
        `case ${index} gives ${got} for "${answers[answer] ?? ''}", but the package expects ${expected} (tolerance ${selfTest.tolerance})`,
      );
    }
    return difference;
  });
  return Math.max(0, ...differences);
}

/**
 * Runs every input shape once, since the first run of a shape on CUDA is slow. On a CPU only a session's first run is,
 * and that is the self-test.
 */
export async function warmUp(session: EngineSession, manifest: Manifest, sizes: readonly number[]): Promise<void> {
  if (session.provider === 'cpu') return;
  const { bos, eos } = manifest.text.specialTokens;
  const image = selfTestImage(0, manifest.image.size);
  for (const length of manifest.text.lengths) {
    for (const size of sizes) {
      const items = Array.from({ length: size }, (_, at) => ({ image: at, inputIds: [bos, eos] }));
      await session.run({ images: items.map(() => image), items, length });
    }
  }
}
