import { describe, expect, test } from 'vitest';
import type { OfaConfig } from '../../../../model/compile/checkpoint/config.ts';
import type { Weights } from '../../../../model/compile/checkpoint/weights.ts';
import { Parameters } from '../../../../model/compile/ofa/parameters.ts';
import { checkSharedTables } from '../../../../model/compile/ofa/token-tables.ts';

interface Table {
  readonly storage: string;
  readonly values: Float32Array;
}

/** Weights of tables with two columns. */
function weightsOf(tables: Readonly<Record<string, Table>>): Weights {
  const all = new Map(Object.entries(tables));
  const read = (name: string): Float32Array => all.get(name)?.values ?? new Float32Array();
  return {
    files: [],
    prefix: '',
    wrappers: [],
    tensors: new Map(
      [...all].map(([name, { storage, values }]) => [
        name,
        { name, dtype: 'float32', shape: [values.length / 2, 2], storage },
      ]),
    ),
    read: (name) => Promise.resolve(read(name)),
    readRows: (name, from, to) => Promise.resolve(read(name).slice(2 * from, 2 * to)),
    close: () => Promise.resolve(),
  };
}

test('tables of real size are compared to their last row', async () => {
  const rows = 9000;
  const [one, other] = [new Float32Array(2 * rows), new Float32Array(2 * rows)];
  const weights = weightsOf({
    'encoder.embed_tokens.weight': { storage: 'a', values: one },
    'decoder.embed_tokens.weight': { storage: 'b', values: other },
  });
  const config = { vocabSize: rows, dModel: 2, shareDecoderInputOutputEmbed: true } as OfaConfig;
  await expect(checkSharedTables(weights, config)).resolves.toBeUndefined();
  other[2 * rows - 1] = 1;
  await expect(checkSharedTables(weights, config)).rejects.toThrow(
    /embed_tokens\.weight differ, but OFA has one table/,
  );
});

describe('the parameters of a model', () => {
  test('count a tensor once, however often it is used and under however many names', () => {
    const values = new Float32Array(8);
    const parameters = new Parameters(
      weightsOf({ one: { storage: 'a', values }, tied: { storage: 'a', values }, other: { storage: 'b', values } }),
    );
    for (const name of ['one', 'tied', 'one']) parameters.get(name, [4, 2]);
    expect(parameters.takenElements()).toBe(8);
    parameters.get('other', [4, 2]);
    expect(parameters.takenElements()).toBe(16);
  });
});
