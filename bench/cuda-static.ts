// Checks without weights or a GPU whether CUDA can run the half-precision graph of OFA-large's shape.
// usage: node bin/run.js bench/cuda-static.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Graph, countOperators } from '../model/compile/onnx/graph.ts';
import { checkForCuda } from '../testing/cuda-kernels.ts';
import { largeGraph } from './support/large-graph.ts';
import { programArguments, runProgram } from './support/run-program.ts';

/** The memory-efficient attention kernel accepts a float16 bias only if the sequence is a multiple of this length. */
const MULTIPLE = 8;

function attentions(graph: Graph): string {
  const lengths = new Map<number, number>();
  for (const { op, outputs } of graph.nodes) {
    const length = outputs[0]?.shape[1] ?? 0;
    if (op === 'MultiHeadAttention') lengths.set(length, (lengths.get(length) ?? 0) + 1);
  }
  const kernel = (length: number): string => (length % MULTIPLE === 0 ? 'memory-efficient' : 'unfused');
  return [...lengths].map(([length, count]) => `${count} over ${length} positions (${kernel(length)})`).join(', ');
}

/** Prints what a graph consists of. @returns what keeps it, or its attention, from running on CUDA as meant */
function inspectGraph(graph: Graph, images: number, lengths: readonly number[]): string[] {
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

async function main(): Promise<void> {
  programArguments(0);
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-cuda-static-'));
  try {
    const { graph, images, lengths } = await largeGraph(folder, 'float16');
    const violations = inspectGraph(graph, images, lengths);
    console.log(`verdict:     ${violations.length === 0 ? 'nothing keeps a node from CUDA' : 'violations'}`);
    for (const violation of violations) console.log(`             ${violation}`);
    if (violations.length > 0) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main);
