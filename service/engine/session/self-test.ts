import type { Manifest } from '../../../model/package/manifest.ts';
import { selfTestImage } from '../../../model/package/self-test.ts';
import type { EngineSession } from './session.ts';

/** The input length to which `tokens` tokens are padded. */
export function paddedLength(lengths: readonly number[], tokens: number): number {
  const length = lengths.find((candidate) => candidate >= tokens);
  if (length === undefined) {
    throw new RangeError(`${tokens} tokens are more than the model's ${lengths.at(-1) ?? 0}`);
  }
  return length;
}

/** What a passed self-test tells. */
export interface SelfTestResult {
  /** The largest absolute difference from an expected probability. */
  readonly deviation: number;
  /** What a run of one item takes: the median of the cases, of which the first can be slower. */
  readonly itemMs: number;
}

/**
 * Runs the cases that the compiler wrote into the manifest and compares the answers.
 *
 * @throws Error that names the case, when one differs by more than the manifest's tolerance
 */
export async function runSelfTest(session: EngineSession, manifest: Manifest): Promise<SelfTestResult> {
  let deviation = 0;
  const times: number[] = [];
  for (const [index, test] of manifest.selfTest.cases.entries()) {
    const images = [selfTestImage(test.imageSeed, manifest.image.size)];
    const began = performance.now();
    const output = await session.run({
      images,
      items: [{ image: 0, inputIds: test.inputIds }],
      length: paddedLength(manifest.text.lengths, test.inputIds.length),
    });
    times.push(performance.now() - began);
    for (const [answer, expected] of test.probabilities.entries()) {
      const got = output.probabilities[answer] ?? NaN;
      const difference = Math.abs(got - expected);
      // Written so that NaN fails too.
      if (!(difference <= manifest.selfTest.tolerance)) {
        throw new Error(
          `case ${index} gives ${got} for "${manifest.answers[answer] ?? ''}" where the package says ${expected} (tolerance ${manifest.selfTest.tolerance})`,
        );
      }
      deviation = Math.max(deviation, difference);
    }
  }
  times.sort((a, b) => a - b);
  return { deviation, itemMs: times[Math.floor(times.length / 2)] ?? 0 };
}

/**
 * Meets every shape that will be run, so that no request pays for the first time. A CPU session has no such cost
 * beyond its first run, which the self-test is.
 */
export async function warmUp(
  session: EngineSession,
  manifest: Manifest,
  sizes: readonly number[],
): Promise<void> {
  if (session.provider === 'cpu') return;
  const { bos, eos } = manifest.text.specialTokens;
  const images = [selfTestImage(0, manifest.image.size)];
  for (const length of manifest.text.lengths) {
    for (const size of sizes) {
      const items = Array.from({ length: size }, () => ({ image: 0, inputIds: [bos, eos] }));
      await session.run({ images, items, length });
    }
  }
}
