// Loads a package of this build or an earlier one and runs items on request. Run by runners.ts.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from '../../model/onnx-runtime.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../../model/package/layout.ts';
import { sessionOptions } from '../../service/engine/session/session-options.ts';
import type { EntailmentItem } from './entailment-items.ts';
import type { RunnerResult } from './runners.ts';

const [folder = ''] = process.argv.slice(2);
const options = sessionOptions('cpu', availableParallelism());
const open = (name: string): Promise<InferenceSession> => InferenceSession.create(join(folder, name), options);
// Packages of earlier builds have a single graph.
const image = existsSync(join(folder, PACKAGE_FILES.imageGraph)) ? await open(PACKAGE_FILES.imageGraph) : undefined;
const answers = await open(PACKAGE_FILES.graph);

async function run({ pixels, size, inputIds }: EntailmentItem): Promise<RunnerResult> {
  const picture = new Tensor('uint8', Uint8Array.from(await readFile(pixels)), [1, size, size, 3]);
  const ids = new Tensor('int64', BigInt64Array.from(inputIds, BigInt), [1, inputIds.length]);
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const features = image ? await image.run({ [GRAPH_IO.image]: picture }) : { [GRAPH_IO.image]: picture };
  const results = await answers.run({ ...features, [GRAPH_IO.inputIds]: ids });
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    probabilities: [...(results[GRAPH_IO.probabilities]?.data as Float32Array)],
  };
}

process.on('message', (item: EntailmentItem) => {
  void run(item).then((result) => process.send?.(result));
});
