// Loads a package as the engine does and times each batch size and text length; prints SessionTimes as its last line.
// usage: node bin/run.js bench/gpu/session-child.ts <SessionOrder as JSON>
import { openPackage } from '../../model/package/open-package.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { selfTestImage } from '../../model/package/self-test.ts';
import { KERNEL_ENVIRONMENT } from '../../service/engine/process/attention-kernels.ts';
import type { EngineBatch } from '../../service/engine/protocol.ts';
import { batchSizes, openSession } from '../../service/engine/session/session.ts';
import { quantile } from '../support/format.ts';
import type { SessionOrder, SessionTimes, ShapeTimes } from './session-messages.ts';

const MIN_RUNS = 3;
const MAX_RUNS = 200;

/** A batch of generated pictures and of tokens from the self-test that fill the whole length. */
function batchOf(manifest: Manifest, size: number, length: number): EngineBatch {
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

async function time(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

const order = JSON.parse(process.argv[2] ?? '') as SessionOrder;
// ONNX Runtime reads these variables once, when it creates its first session.
Object.assign(process.env, KERNEL_ENVIRONMENT);
const { dir, manifest } = await openPackage(order.package);
const loadStartMs = performance.now();
const session = await openSession(dir, manifest, order);
const loadMs = performance.now() - loadStartMs;
const shapes: ShapeTimes[] = [];
for (const length of manifest.text.lengths) {
  for (const batch of batchSizes(order.maxBatch)) {
    const work = batchOf(manifest, batch, length);
    const firstMs = await time(() => session.run(work));
    const times: number[] = [];
    const end = performance.now() + order.measureMs;
    while (times.length < MIN_RUNS || (performance.now() < end && times.length < MAX_RUNS)) {
      times.push(await time(() => session.run(work)));
    }
    shapes.push({
      length,
      batch,
      firstMs,
      medianMs: quantile(times, 0.5),
      p95Ms: quantile(times, 0.95),
      bestMs: quantile(times, 0),
      runs: times.length,
    });
  }
}
const result: SessionTimes = { provider: session.provider, loadMs, shapes };
console.log(JSON.stringify(result));
