// Loads a model package and times its runs; prints a PackageSpeed as JSON.
// usage: node bin/run.js bench/support/package-speed.ts <package-folder> <text-length> <batch,batch,...>
import { readFile, realpath } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as ort from '../../model/onnx-runtime.ts';
import { GRAPH_IO, manifestSchema, PACKAGE_FILES, type Manifest } from '../../model/package/manifest.ts';
import { selfTestImage } from '../../model/package/self-test.ts';

/** What this program prints. */
export interface PackageSpeed {
  readonly loadSeconds: number;
  /** Seconds of one run of the whole batch, the fastest after a warm-up. */
  readonly batches: readonly { readonly size: number; readonly seconds: number }[];
}

/** Answers to time at each batch size, in at least two runs. */
const TIMED_ANSWERS = 6;

/** A batch of generated pictures and random tokens that fill the whole length. */
function feeds(manifest: Manifest, size: number, length: number): Record<string, ort.Tensor> {
  const side = manifest.image.size;
  const { bos, eos } = manifest.text.specialTokens;
  const pixels = Array.from({ length: size }, (_, i) => selfTestImage(i, side));
  const tokens = Array.from({ length: size }, (_, i) => [
    bos,
    ...Array.from({ length: length - 2 }, (_, t) => 4 + ((i * 7919 + t * 104_729) % 250)),
    eos,
  ]);
  return {
    [GRAPH_IO.image]: new ort.Tensor('uint8', Uint8Array.from(pixels.flatMap((one) => [...one])), [
      size,
      side,
      side,
      3,
    ]),
    [GRAPH_IO.inputIds]: new ort.Tensor('int64', BigInt64Array.from(tokens.flat().map(BigInt)), [size, length]),
  };
}

async function main(folder: string, length: number, sizes: readonly number[]): Promise<void> {
  const path = await realpath(folder);
  const text = await readFile(join(path, PACKAGE_FILES.manifest), 'utf8');
  const manifest = manifestSchema.parse(JSON.parse(text));
  const started = performance.now();
  const session = await ort.InferenceSession.create(join(path, PACKAGE_FILES.graph), {
    executionProviders: ['cpu'],
    intraOpNumThreads: availableParallelism(),
    enableCpuMemArena: false,
  });
  const loadSeconds = (performance.now() - started) / 1000;
  const batches: PackageSpeed['batches'][number][] = [];
  for (const size of sizes) {
    const input = feeds(manifest, size, length);
    await session.run(input);
    let seconds = Infinity;
    for (let run = 0; run < Math.max(2, TIMED_ANSWERS / size); run++) {
      const from = performance.now();
      await session.run(input);
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
