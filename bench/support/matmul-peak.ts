// Measures the speed of one large matrix product in ONNX Runtime; prints {"multiplyAddsPerSecond": ...}.
// usage: node bin/run.js bench/support/matmul-peak.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from '../../model/onnx-runtime.ts';
import { Ops } from '../../model/compile/onnx/ops.ts';
import { floatInitializer } from '../../model/compile/onnx/tensor.ts';
import { writeGraphs } from '../../model/compile/onnx/write.ts';
import { SeededRandom } from '../../testing/random.ts';

/** The product of OFA-large's first feed-forward projection over a batch of two: [rows, inner] x [inner, columns]. */
const SHAPE = { rows: 2048, inner: 1024, columns: 4096 } as const;
const RUNS = 12;

function random(length: number): Float32Array {
  const values = new Float32Array(length);
  new SeededRandom(length).fill(values, 0, 1);
  return values;
}

async function writeProduct(folder: string): Promise<void> {
  const { rows, inner, columns } = SHAPE;
  const graph = new Ops();
  const left = graph.input({ name: 'left', type: 'float32', shape: [rows, inner] }, [rows, inner]);
  const right = graph.constant(
    floatInitializer('right', 'float32', [inner, columns], () => Promise.resolve(random(inner * columns))),
  );
  const product = graph.matMul(left, right);
  // One number of it: a whole matrix would be handed over in fresh memory, which takes as long as half of the product.
  const first = graph.pick(graph.pick(product, 0, 0), 1, 0);
  const output = graph.output('first', first, [1, 1]);
  await writeGraphs(
    folder,
    { 'model.onnx': graph.finish('matmul', [output]) },
    {
      weightsFile: 'model.onnx.data',
    },
  );
}

const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-matmul-'));
try {
  await writeProduct(folder);
  const session = await ort.InferenceSession.create(join(folder, 'model.onnx'), {
    executionProviders: ['cpu'],
    intraOpNumThreads: availableParallelism(),
  });
  const { rows, inner, columns } = SHAPE;
  const left = new ort.Tensor('float32', random(rows * inner), [rows, inner]);
  let fastest = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    await session.run({ left });
    fastest = Math.min(fastest, (performance.now() - started) / 1000);
  }
  console.log(JSON.stringify({ multiplyAddsPerSecond: (rows * inner * columns) / fastest }));
} finally {
  await rm(folder, { recursive: true });
}
