// Creates a CUDA session without fallback to the CPU, and runs it once if inputs are given; prints what failed.
// usage: node bin/run.js bench/support/cuda-session.ts <onnxruntime-node folder> <graph> [<input>=<dims>...]
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import '../../model/no-telemetry.ts';
import type * as Ort from 'onnxruntime-node';
import { sessionOptions } from '../../service/engine/session/session-options.ts';

const [packageFolder = '', graph = '', ...inputs] = process.argv.slice(2);
const entry = pathToFileURL(join(resolve(packageFolder), 'dist/index.js')).href;
const ort = (await import(entry)) as typeof Ort;

try {
  const session = await ort.InferenceSession.create(graph, {
    ...sessionOptions('cuda', 1),
    logSeverityLevel: 1,
  });
  console.log('session: made');
  if (inputs.length > 0) {
    const feeds = inputs.map((input) => {
      const [name = '', list = ''] = input.split('=');
      const dims = list.split(',').map(Number);
      const elements = dims.reduce((product, dim) => product * dim, 1);
      return [name, new ort.Tensor('float16', new Uint16Array(elements), dims)] as const;
    });
    await session.run(Object.fromEntries(feeds));
  }
} catch (error) {
  console.log(`session: ${error instanceof Error ? error.message : String(error)}`);
}
