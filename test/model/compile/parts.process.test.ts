import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import { fixtureFile, FIXTURES } from '../../../testing/fixtures.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

/** Most bytes of constants in a part, if not those of the compiler. */
const limit = vi.hoisted((): { bytes?: number; parts: number } => ({ parts: 0 }));

vi.mock(import('../../../model/compile/onnx/partition.ts'), async (original) => {
  const { partition } = await original();
  return {
    partition: (graph, maxBytes) => {
      const parts = partition(graph, limit.bytes ?? maxBytes);
      limit.parts = parts.length;
      return parts;
    },
  };
});

// The fixtures would run in one part, as only large models do not.
test.each(
  FIXTURES.flatMap((fixture) => (['fp32', 'fp16', 'int8'] as const).map((precision) => [fixture, precision] as const)),
)('%s runs in parts as it does in one, in %s', async (fixture, precision) => {
  const compile = async (bytes?: number): Promise<object> => {
    if (bytes === undefined) delete limit.bytes;
    else limit.bytes = bytes;
    return compileCheckpoint(fixtureFile(fixture, ''), path.join(tempFolder(), 'package'), { precision, name: 'mini' });
  };
  const whole = await compile();
  expect(limit.parts).toBe(1);
  expect(await compile(50_000)).toEqual(whole);
  expect(limit.parts).toBeGreaterThan(4);
});
