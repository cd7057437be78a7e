// Checks without weights or a GPU whether CUDA can run the half-precision graph of OFA-large's shape.
// usage: node bin/run.js bench/cuda-static.ts
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../model/compile/checkpoint/config.ts';
import type { Weights } from '../model/compile/checkpoint/weights.ts';
import { ofaGraph } from '../model/compile/ofa/graph.ts';
import { type Graph, countOperators } from '../model/compile/onnx/graph.ts';
import { buildTokenizerJson, loadTokenizer } from '../model/package/tokenizer.ts';
import { textLengths } from '../model/compile/text-lengths.ts';
import { checkForCuda } from '../testing/cuda-kernels.ts';
import { largeTensorSpecs, writeLargeConfiguration } from './support/large-checkpoint.ts';

/** The memory-efficient attention kernel accepts a float16 bias only if the sequence is a multiple of this length. */
const MULTIPLE = 8;

/** Weights with names and shapes but no values, which are only read when a graph is written. */
function shapesOnly(): Weights {
  const tensors = [...largeTensorSpecs()].map(({ name, shape, fill }) => {
    const storage = fill.kind === 'tied' ? fill.to : name;
    return [name, { name, shape, storage, dtype: fill.kind === 'integers' ? 'int64' : 'float32' }] as const;
  });
  const read = (name: string): Promise<Float32Array> => Promise.reject(new Error(`${name} has no values`));
  return { files: [], prefix: '', tensors: new Map(tensors), read, readRows: read, close: () => Promise.resolve() };
}

/** The graph that `compile --precision fp16` builds, and the text lengths to which its batches are padded. */
async function largeGraph(folder: string): Promise<{ graph: Graph; images: number; lengths: number[] }> {
  await writeLargeConfiguration(folder);
  const { model: config, task } = await readConfig(folder);
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const tokenizer = loadTokenizer(buildTokenizerJson(await read('vocab.json'), await read('merges.txt')));
  const images = (task.patchImageSize / 16) ** 2;
  const lengths = textLengths(images, task.maxSrcLength + 2);
  const { graph } = ofaGraph({
    weights: shapesOnly(),
    config,
    task,
    vocabulary: {
      size: tokenizer.size,
      special: tokenizer.special,
      answers: task.answers.map((answer) => tokenizer.encode(` ${answer}`)),
    },
    textLength: lengths.at(-1) ?? 0,
    float: 'float16',
  });
  return { graph, images, lengths };
}

function attentions(graph: Graph): string {
  const lengths = new Map<number, number>();
  for (const { op, outputs } of graph.nodes) {
    const length = outputs[0]?.shape[1] ?? 0;
    if (op === 'MultiHeadAttention') lengths.set(length, (lengths.get(length) ?? 0) + 1);
  }
  const kernel = (length: number): string => (length % MULTIPLE === 0 ? 'memory-efficient' : 'unfused');
  return [...lengths].map(([length, count]) => `${count} over ${length} positions (${kernel(length)})`).join(', ');
}

function printReport(graph: Graph, images: number, lengths: readonly number[]): string[] {
  const { uses, violations } = checkForCuda(graph);
  const width = Math.max(...uses.map(({ operator }) => operator.length));
  const types = Math.max(...uses.map((use) => use.types.length));
  for (const use of uses) {
    console.log(`${use.operator.padEnd(width)}  ${use.types.padEnd(types)}  ${String(use.count).padStart(4)}`);
  }
  const multiplyAdds = countOperators(graph).reduce((sum, each) => sum + each.multiplyAdds, 0);
  console.log(`\nnodes:       ${graph.nodes.length}, ${(multiplyAdds / 1e9).toFixed(0)} G multiply-adds per answer`);
  console.log(`attention:   ${attentions(graph)}, at the longest text`);
  const sequences = lengths.map((length) => images + length);
  console.log(`sequences:   ${sequences.join(', ')} (${images} image positions, texts of ${lengths.join(', ')})`);
  const odd = sequences.filter((length) => length % MULTIPLE !== 0);
  return [...violations, ...odd.map((length) => `The sequence of ${length} is not a multiple of ${MULTIPLE}.`)];
}

const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-cuda-static-'));
try {
  const { graph, images, lengths } = await largeGraph(folder);
  const violations = printReport(graph, images, lengths);
  console.log(`verdict:     ${violations.length === 0 ? 'nothing keeps a node from CUDA' : 'violations'}`);
  for (const violation of violations) console.log(`             ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
