// Loads a package as the engine does and times each batch size and text length; prints SessionTimes as its last line.
// usage: node bin/run.js bench/gpu/session-child.ts <SessionOrder as JSON>
import { openPackage } from '../../model/package/open-package.ts';
import { KERNEL_ENVIRONMENT } from '../../service/engine/process/attention-kernels.ts';
import { batchSizes } from '../../service/engine/session/batch-sizes.ts';
import { openSession } from '../../service/engine/session/session.ts';
import { quantile } from '../support/format.ts';
import { fullBatch } from '../support/full-batch.ts';
import type { SessionOrder, SessionTimes, ShapeTimes } from './session-messages.ts';

const MIN_RUNS = 3;
const MAX_RUNS = 200;

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
    const work = fullBatch(manifest, batch, length);
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
