// Compiles a checkpoint of OFA-large's size and runs the package, printing what each costs.
// usage: node bin/run.js bench/compile-large.ts [--keep] [--precision fp32|fp16|both] [--checkpoint <folder>]
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { manifestSchema, PACKAGE_FILES } from '../model/package/manifest.ts';
import type { Manifest } from '../model/package/manifest.ts';
import { largestDifference } from '../testing/graph-session.ts';
import { writeLargeCheckpoint } from './support/large-checkpoint.ts';
import { runChild } from './support/measure-child.ts';
import type { ChildRun } from './support/measure-child.ts';
import type { PackageSpeed } from './support/package-speed.ts';

const SEED = 1;
const BATCHES = [1, 4];

const HELP = `usage: node bin/run.js bench/compile-large.ts [options]

Writes a random checkpoint of OFA-large's exact shapes, compiles it, loads the package and times its answers,
as a share of what the machine reaches in one large matrix product. A package for GPUs is compiled alone; of both,
the answers of their self-tests are compared.

  --keep                 leave the checkpoint and the packages in the temporary folder; a checkpoint
                         that is there is used again
  --precision <type>     of the package: fp32 (default), fp16 or both
  --checkpoint <folder>  compile this checkpoint in place of a random one; it is left as it is`;

/** A script beside this one. */
function sibling(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function gib(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown (no /proc here)' : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function memory(run: ChildRun): string {
  return `peak memory ${gib(run.peakBytes)}, ${gib(run.peakAnonymousBytes)} of it not mapped from files`;
}

async function prepareCheckpoint(folder: string): Promise<void> {
  if (existsSync(folder)) {
    console.log('checkpoint: from an earlier run');
    return;
  }
  const started = performance.now();
  await writeLargeCheckpoint(folder, SEED);
  console.log(`checkpoint: written in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function compile(checkpoint: string, target: string, precision: string): Promise<Manifest> {
  const args = ['compile', checkpoint, target, '--precision', precision, '--force'];
  const run = await runChild(sibling('../bin/ofa-ve.js'), args);
  console.log(`compile:    ${run.seconds.toFixed(1)} s, ${memory(run)}`);
  const text = await readFile(join(target, PACKAGE_FILES.manifest), 'utf8');
  const manifest = manifestSchema.parse(JSON.parse(text));
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  console.log(`package:    ${(bytes / 1e9).toFixed(2)} GB in ${manifest.precision}`);
  return manifest;
}

async function matmulPeak(): Promise<number> {
  const run = await runChild(sibling('support/matmul-peak.ts'), []);
  return (JSON.parse(run.stdout) as { multiplyAddsPerSecond: number }).multiplyAddsPerSecond;
}

async function speed(target: string, manifest: Manifest): Promise<void> {
  const length = Math.max(...manifest.text.lengths);
  const before = await matmulPeak();
  const run = await runChild(sibling('support/package-speed.ts'), [
    target,
    String(length),
    BATCHES.join(','),
  ]);
  // Other load on the machine must not make the package look faster than it is: the better peak counts.
  const peak = Math.max(before, await matmulPeak());
  const result = JSON.parse(run.stdout) as PackageSpeed;
  const gflops = (multiplyAdds: number): string => `${((multiplyAdds * 2) / 1e9).toFixed(0)} GFLOP`;
  console.log(`load:       ${result.loadSeconds.toFixed(1)} s; with the runs, ${memory(run)}`);
  console.log(`peak:       ${gflops(peak)}/s in one matrix product, ${availableParallelism()} threads`);
  console.log(
    `an answer:  ${gflops(manifest.graph.multiplyAdds)} at ${length} tokens, ` +
      `${(manifest.graph.parameters / 1e6).toFixed(0)} M parameters`,
  );
  for (const { size, seconds } of result.batches) {
    const share = (manifest.graph.multiplyAdds * size) / seconds / peak;
    console.log(
      `batch of ${size}: ${(seconds / size).toFixed(2)} s an answer, ${(share * 100).toFixed(0)} % of the peak`,
    );
  }
}

/** How far the answers of one package are from those of the other, where there are two. */
function printParity([single, half]: readonly Manifest[]): void {
  if (single === undefined || half === undefined) return;
  const answers = (manifest: Manifest): number[] =>
    manifest.selfTest.cases.flatMap(({ probabilities }) => probabilities);
  const difference = largestDifference(answers(single), answers(half));
  console.log(`parity:     probabilities differ by at most ${difference.toFixed(4)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      precision: { type: 'string', default: 'fp32' },
      checkpoint: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const own = join(tmpdir(), `ofa-ve-large-checkpoint-${SEED}`);
  const checkpoint = values.checkpoint ?? own;
  const precisions = values.precision === 'both' ? ['fp32', 'fp16'] : [values.precision];
  const targets = precisions.map((precision) => join(tmpdir(), `ofa-ve-large-package-${precision}`));
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  console.log(
    `machine:    ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads, ${gigabytes} GiB, ` +
      `Node ${process.versions.node}`,
  );
  try {
    if (values.checkpoint === undefined) await prepareCheckpoint(own);
    const manifests: Manifest[] = [];
    for (const [at, target] of targets.entries()) {
      const manifest = await compile(checkpoint, target, precisions[at] ?? '');
      manifests.push(manifest);
      // A processor computes float16 in float32 and converts back and forth: its speed says nothing.
      if (manifest.precision !== 'fp16') await speed(target, manifest);
    }
    printParity(manifests);
    if (values.keep) console.log(`kept:       ${[checkpoint, ...targets].join('\n            ')}`);
  } finally {
    if (!values.keep) {
      for (const target of targets) await rm(target, { recursive: true, force: true });
      if (values.checkpoint === undefined) await rm(own, { recursive: true, force: true });
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
