// Times a chain of large matrix products in ONNX Runtime; prints {"multiplyAddsPerSecond": ...} as its last line.
// usage: node bin/run.js bench/gpu/peak-child.ts cuda|cpu <threads> <folder for the graph>
import { join } from 'node:path';
import { InferenceSession, Tensor } from '../../model/onnx-runtime.ts';
import { Ops } from '../../model/compile/onnx/ops.ts';
import { floatInitializer, type FloatType } from '../../model/compile/onnx/tensor.ts';
import { writeGraphs } from '../../model/compile/onnx/write.ts';
import { sessionOptions } from '../../service/engine/session/session-options.ts';
import type { Provider } from '../../service/engine/protocol.ts';
import { SeededRandom } from '../../testing/random.ts';

/**
 * Products large enough to keep the device busy, in the precision that is served on it. They form a chain, so that only a
 * row and a column have to be copied to the GPU and back.
 */
const PRODUCTS = {
  cuda: { side: 8192, chain: 8, type: 'float16', runs: 12 },
  cpu: { side: 1024, chain: 4, type: 'float32', runs: 30 },
} as const satisfies Record<Provider, { side: number; chain: number; type: FloatType; runs: number }>;

/** Broadcasts a row [1, N] to a matrix [N, N], which is multiplied repeatedly and finally with a column. */
async function writeChain(folder: string, provider: Provider): Promise<void> {
  const { side, chain, type } = PRODUCTS[provider];
  const random = (count: number, deviation: number) => async (): Promise<Float32Array> => {
    const values = new Float32Array(count);
    new SeededRandom(count).fill(values, 0, deviation);
    return Promise.resolve(values);
  };
  const graph = new Ops();
  const row = graph.input({ name: 'row', type: 'float32', shape: [1, side] }, [1, side]);
  // Entries of variance 1/N keep the magnitude of the products within the range of float16.
  const matrix = graph.constant(floatInitializer('matrix', type, [side, side], random(side * side, side ** -0.5)));
  const column = graph.constant(floatInitializer('column', type, [side, 1], random(side, side ** -0.5)));
  let product = graph.add(graph.cast(row, type), matrix);
  for (let i = 0; i < chain; i++) product = graph.matMul(product, matrix);
  const result = graph.cast(graph.matMul(product, column), 'float32');
  await writeGraphs(
    folder,
    { 'peak.onnx': graph.finish('peak', [graph.output('result', result, [side, 1])]) },
    {
      weightsFile: 'peak.onnx.data',
    },
  );
}

const [device = '', threads = '1', folder = ''] = process.argv.slice(2);
const provider = device === 'cuda' ? 'cuda' : 'cpu';
const { side, chain, runs } = PRODUCTS[provider];
await writeChain(folder, provider);
const session = await InferenceSession.create(join(folder, 'peak.onnx'), sessionOptions(provider, Number(threads)));
const row = new Tensor('float32', new Float32Array(side), [1, side]);
let fastest = Infinity;
for (let run = 0; run < runs; run++) {
  const began = performance.now();
  const { result } = await session.run({ row });
  fastest = Math.min(fastest, (performance.now() - began) / 1000);
  if (!(result?.data instanceof Float32Array) || !result.data.every(Number.isFinite)) {
    throw new Error('the products overflowed');
  }
}
console.log(JSON.stringify({ multiplyAddsPerSecond: (chain * side ** 3) / fastest }));
