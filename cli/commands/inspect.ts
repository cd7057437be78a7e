import path from 'node:path';
import { Command } from 'commander';
import { EXAMPLES_FOLDER, readExamples, type ReadExamples } from '../../model/package/examples.ts';
import { openPackage } from '../../model/package/open-package.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { bytes, count, table } from '../format.ts';

/** `ofa-ve inspect`: prints what a model package contains and needs. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Prints what a model package contains: manifest, operators, cost and memory needs.')
    .argument('<package-folder>', 'folder written by `ofa-ve compile`')
    .option('--json', 'print the manifest as JSON')
    .action(async (folder: string, options: { json?: true }) => {
      const { dir, manifest } = await openPackage(folder);
      const read = await readExamples(path.join(dir, EXAMPLES_FOLDER), manifest.answers);
      console.log(options.json ? JSON.stringify(manifest, undefined, 2) : describe(manifest, read));
    });
}

/** Batch sizes for which the memory need is printed. */
const BATCHES = [1, 8] as const;

function describe(manifest: Manifest, { examples, problems }: ReadExamples): string {
  const { text, graph, memory, image } = manifest;
  const longest = Math.max(...text.lengths);
  const facts = [
    [
      'model',
      `${manifest.name}, ${manifest.precision}, compiled by ${manifest.compiler.name} ${manifest.compiler.version}`,
    ],
    ['answers', manifest.answers.join(', ')],
    ['picture', `${image.size} x ${image.size} RGB, ${graph.imagePositions} positions`],
    ['text', `at most ${text.maxTokens} tokens; lengths ${text.lengths.join(', ')} with <s> and </s>`],
    ['prompt', text.prompts.hypothesis.trim()],
    ['with premise', text.prompts.premise.trim()],
    ['parameters', count(graph.parameters)],
    ['multiply-adds', `${count(graph.multiplyAdds)} per answer with a text of ${longest} tokens`],
    ['weights', `${bytes(memory.weightsBytes)} including folded constants`],
    ...BATCHES.map((batch) => [
      `memory, batch ${batch}`,
      `${bytes(memory.weightsBytes + batch * memory.activationBytesPerItem)}, including ` +
        `${bytes(batch * memory.activationBytesPerItem)} of activations (estimated)`,
    ]),
    ['examples', examples.length === 0 ? 'none' : `${examples.length} pictures for the demo page`],
    ...problems.map((problem) => ['', problem]),
    ['self-test', `${manifest.selfTest.cases.length} cases, tolerance ${manifest.selfTest.tolerance}`],
  ];
  const sums = (files: Manifest['files']): string =>
    table(
      files.map((file) => [`  ${file.name}`, bytes(file.bytes), file.sha256]),
      ['start', 'end', 'start'],
    );
  const operators = table(
    [
      ['  operator', 'nodes', 'multiply-adds'],
      ...graph.operators.map((each) => [
        `  ${each.operator}`,
        String(each.count),
        each.multiplyAdds === 0 ? '' : count(each.multiplyAdds),
      ]),
    ],
    ['start', 'end', 'end'],
  );
  return [
    table(facts, ['start', 'start']),
    `\nfiles\n${sums(manifest.files)}`,
    `\ncompiled from\n${sums(manifest.source.files)}`,
    `\noperators (opset ${graph.opset})\n${operators}`,
  ].join('\n');
}
