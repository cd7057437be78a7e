// Loads a model package as the engine does and times its runs; prints a PackageSpeed as JSON.
// usage: node bin/run.js bench/support/package-speed.ts <package-folder> <text-length> <batch,batch,...>
import { availableParallelism } from 'node:os';
import { openPackage } from '../../model/package/open-package.ts';
import { openSession } from '../../service/engine/session/session.ts';
import { fullBatch } from './full-batch.ts';

/** What this program prints. */
export interface PackageSpeed {
  readonly loadSeconds: number;
  /** Seconds of one run of the whole batch, the fastest after a warm-up. */
  readonly batches: readonly { readonly size: number; readonly seconds: number }[];
}

/** Answers to time at each batch size, in at least two runs. */
const TIMED_ANSWERS = 6;

async function main(folder: string, length: number, sizes: readonly number[]): Promise<void> {
  const { dir, manifest } = await openPackage(folder);
  const started = performance.now();
  const options = { device: 'cpu', threads: availableParallelism(), maxBatch: Math.max(...sizes) } as const;
  const session = await openSession(dir, manifest, options);
  const loadSeconds = (performance.now() - started) / 1000;
  const batches: PackageSpeed['batches'][number][] = [];
  for (const size of sizes) {
    const batch = fullBatch(manifest, size, length);
    await session.run(batch);
    let seconds = Infinity;
    for (let run = 0; run < Math.max(2, TIMED_ANSWERS / size); run++) {
      const from = performance.now();
      await session.run(batch);
      seconds = Math.min(seconds, (performance.now() - from) / 1000);
    }
    batches.push({ size, seconds });
  }
  console.log(JSON.stringify({ loadSeconds, batches } satisfies PackageSpeed));
}

const [folder, length, sizes] = process.argv.slice(2);
if (folder === undefined || length === undefined || sizes === undefined) {
  throw new Error('usage: package-speed.ts <package-folder> <text-length> <batch,batch,...>');
}
await main(folder, Number(length), sizes.split(',').map(Number));
