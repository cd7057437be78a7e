import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import { VARIANTS, variantCases, writeVariantCheckpoint } from '../../../testing/checkpoints.ts';
import { type GraphAnswer, largestDifference, openGraph } from '../../../testing/graph-session.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

/** Largest difference of a probability from the float64 reference. */
const TOLERANCE = { fp32: 1e-4, fp16: 2e-2 } as const;
/** The same for the logarithms, where a wrong bias shows first. */
const LOG_TOLERANCE = { fp32: 2e-5, fp16: 5e-2 } as const;

describe.each(VARIANTS)('compiled variant: $name', (variant) => {
  test('answers what the reference answers, alone and in a batch of unequal lengths', async () => {
    const folder = tempFolder();
    const checkpoint = path.join(folder, 'checkpoint');
    writeVariantCheckpoint(checkpoint, variant);
    const cases = variantCases(variant);
    for (const precision of ['fp32', 'fp16'] as const) {
      const target = path.join(folder, precision);
      await compileCheckpoint(checkpoint, target, { precision });
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
          expect(largestDifference(answer?.logScores ?? [], expected.logScores)).toBeLessThan(
            LOG_TOLERANCE[precision],
          );
        }
      });
    }
  });
});
