import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../../model/compile/compile.ts';
import { VARIANTS, variantCases, writeVariantCheckpoint, type Variant } from '../../../../testing/checkpoints.ts';
import { type GraphAnswer, largestDifference, openGraph } from '../../../../testing/graph-session.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

/** Largest difference of a probability from the float64 reference. */
const TOLERANCE = { fp32: 1e-4, fp16: 2e-2 } as const;
/** The same for the logarithms, where a wrong bias shows first. */
const LOG_TOLERANCE = { fp32: 2e-5, fp16: 5e-2 } as const;
/** Files over which the variants are spread, so that workers share them. */
const PARTS = 4;

/** Registers a test for every fourth variant: both its packages answer what the reference answers. */
export function compareVariants(part: 1 | 2 | 3 | 4): void {
  const variants = VARIANTS.filter((_, at) => at % PARTS === part - 1);
  /** How far float16 moves the self-test's probabilities; the compiler rounds every tensor for it. */
  const halfErrors: number[] = [];

  describe.each(variants)('compiled variant: $name', (variant) => {
    test('answers what the reference answers, alone and in a batch of unequal lengths', async () => {
      const selfTests = await compareVariant(variant);
      const error = largestDifference(selfTests.fp32, selfTests.fp16);
      expect(error).toBeLessThan(TOLERANCE.fp16);
      halfErrors.push(error);
    });
  });

  afterAll(() => {
    // Without any rounding they would agree to six digits.
    expect(halfErrors.filter((error) => error > 1e-5).length).toBeGreaterThan(halfErrors.length / 2);
  });
}

/** Compiles a variant in both precisions and asks both. @returns the probabilities of the packages' self-tests */
async function compareVariant(variant: Variant): Promise<Record<'fp32' | 'fp16', number[]>> {
  const folder = tempFolder();
  const checkpoint = path.join(folder, 'checkpoint');
  writeVariantCheckpoint(checkpoint, variant);
  const cases = variantCases(variant);
  const selfTests = { fp32: [] as number[], fp16: [] as number[] };
  for (const precision of ['fp32', 'fp16'] as const) {
    const target = path.join(folder, precision);
    const { selfTest } = await compileCheckpoint(checkpoint, target, { precision });
    selfTests[precision] = selfTest.cases.flatMap(({ probabilities }) => probabilities);
    const graph = await openGraph(target);
    const alone: GraphAnswer[] = [];
    for (const question of cases) alone.push(...(await graph.ask([question])));
    const together = await graph.ask(cases);
    await graph.close();
    cases.forEach(({ expected }, at) => {
      for (const answer of [alone[at], together[at]]) {
        expect(largestDifference(answer?.probabilities ?? [], expected.probabilities)).toBeLessThan(
          TOLERANCE[precision],
        );
        expect(largestDifference(answer?.logScores ?? [], expected.logScores)).toBeLessThan(LOG_TOLERANCE[precision]);
      }
    });
  }
  return selfTests;
}
