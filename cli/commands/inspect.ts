import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { readPackageExamples, type ReadExamples } from '../../model/package/examples.ts';
import { openPackage, type ModelPackage } from '../../model/package/open-package.ts';
import { verifyPackage } from '../../model/package/verify-package.ts';
import { PACKAGE_FILES } from '../../model/package/layout.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { lacksVnni, WITHOUT_VNNI } from '../../model/vnni.ts';
import { bytes, count, table } from '../format.ts';

/** `ofa-ve inspect`: prints what a model package contains and needs. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .summary('verify a model package and print what it contains')
    .description(
      'Verifies the checksums of a model package, and prints what it contains: manifest, operators, cost and memory needs.',
    )
    .argument('<package-folder>', 'folder written by `ofa-ve compile`')
    .option('--no-verify', 'do not read the whole package to verify its checksums')
    .option('--json', 'print the manifest as JSON')
    .action(async (folder: string, options: { verify: boolean; json?: true }) => {
      const modelPackage = await openPackage(folder);
      if (options.verify) await verifyPackage(modelPackage);
      const { manifest } = modelPackage;
      if (options.json) {
        console.log(JSON.stringify(manifest, undefined, 2));
        return;
      }
      const facts = [
        ['digest', modelPackage.digest],
        ['checksums', options.verify ? 'correct in every file' : 'not verified'],
        ...(await strangers(modelPackage)).map((name) => ['not listed', `${name}, which nothing reads`]),
      ];
      console.log(describe(manifest, await readPackageExamples(modelPackage), facts));
    });
}

/** The files in the package's folder that its manifest does not list. */
async function strangers({ dir, manifest }: ModelPackage): Promise<string[]> {
  const listed = new Set([PACKAGE_FILES.manifest, ...manifest.files.map(({ name }) => name)]);
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .filter((name) => !listed.has(name));
}

const SOURCES = {
  folder: 'pictures of a folder',
  examples: "pictures of the package's examples",
  generated: 'generated pictures',
} as const;

function int8Facts({ calibration }: Manifest): string[][] {
  return [
    ...(calibration ? [['calibrated', `with ${calibration.pictures} ${SOURCES[calibration.from]}`]] : []),
    ['processor', lacksVnni() ? WITHOUT_VNNI : 'has the instructions that make int8 fast'],
  ];
}

/** Batch sizes for which the memory need is printed. */
const BATCHES = [1, 8] as const;

function describe(manifest: Manifest, { examples, problems }: ReadExamples, first: string[][]): string {
  const { text, graph, memory, image } = manifest;
  const longest = Math.max(...text.lengths);
  const facts = [
    ...first,
    [
      'model',
      `${manifest.name}, ${manifest.precision}, compiled by ${manifest.compiler.name} ${manifest.compiler.version}`,
    ],
    ...(manifest.knows === undefined ? [] : [['knows', manifest.knows]]),
    ...(manifest.precision === 'int8' ? int8Facts(manifest) : []),
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
  const sums = (files: Manifest['source']['files']): string =>
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
