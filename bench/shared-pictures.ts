// Compares 8 texts about one picture with 8 pictures of one text each, and with the same 8 pictures asked about again.
// usage: node bin/run.js bench/shared-pictures.ts [package] [rounds]
import { availableParallelism } from 'node:os';
import { openPackage } from '../model/package/open-package.ts';
import type { EngineBatch } from '../service/engine/protocol.ts';
import { openSession } from '../service/engine/session/session.ts';
import { printReport, quantile, table } from './support/format.ts';
import { fullBatch } from './support/full-batch.ts';
import { withLargePackage } from './support/large-package.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

const TEXTS = 8;
/** Largest share of the time of 8 pictures that 8 texts about one may take. */
const TARGET = 0.84;

async function compare(folder: string, rounds: number): Promise<void> {
  const { dir, manifest } = await openPackage(folder);
  const session = await openSession(dir, manifest, {
    device: 'cpu',
    threads: availableParallelism(),
    maxBatch: TEXTS,
    cacheBytes: 2 ** 30,
  });
  const [length = 0] = manifest.text.lengths;
  const many = fullBatch(manifest, TEXTS, length);
  const { images, items } = many;
  const keys = images.map((_, at) => `picture ${at}`);
  const ways: Record<string, EngineBatch> = {
    [`${TEXTS} pictures, a text each`]: many,
    [`one picture, ${TEXTS} texts`]: {
      ...many,
      images: images.slice(0, 1),
      items: items.map((item) => ({ ...item, image: 0 })),
    },
    [`${TEXTS} pictures that were asked about before, a text each`]: { ...many, keys },
  };
  await session.run({ ...many, keys });
  const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, batch] of Object.entries(ways)) {
      const start = performance.now();
      await session.run(batch);
      if (round >= 0) times.get(name)?.push(performance.now() - start);
    }
  }
  const medians = [...times].map(([name, all]) => ({ name, ms: quantile(all, 0.5) }));
  const base = medians[0]?.ms ?? NaN;
  printReport(
    table(
      ['a run with', 'median', 'ratio'],
      medians.map(({ name, ms }) => [name, `${(ms / 1000).toFixed(2)} s`, (ms / base).toFixed(2)]),
    ),
    `Medians of ${rounds} rounds, ${length} tokens each; the target of the second ratio is ${TARGET}.`,
  );
  if (!((medians[1]?.ms ?? NaN) / base <= TARGET)) process.exitCode = 1;
}

async function main(): Promise<void> {
  const [given, rounds = '3'] = programArguments(2);
  await withLargePackage(given, (folder) => compare(folder, wholeNumber('rounds', rounds)));
}

await runProgram(main);
