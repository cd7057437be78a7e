// Compiles a checkpoint of OFA-large's size and runs the package; prints time and memory of each.
// usage: node bin/run.js bench/compile-large.ts [--keep] [--precision fp32|fp16|both] [--checkpoint <folder>]
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { UserError } from '../model/errors.ts';
import { PACKAGE_FILES } from '../model/package/layout.ts';
import { manifestSchema, type Manifest } from '../model/package/manifest.ts';
import { KEPT_MEMORY } from '../service/engine/process/kept-memory.ts';
import { largestDifference } from '../testing/graph-session.ts';
import { fmaPeak } from './support/fma-peak.ts';
import { gibibytes, percent, printReport, table } from './support/format.ts';
import { writeLargeCheckpoint } from './support/large-checkpoint.ts';
import { CHILD_TIMEOUT_MS, runChild, type ChildRun } from './support/measure-child.ts';
import type { PackageSpeed } from './support/package-speed.ts';
import { runProgram } from './support/run-program.ts';

const BATCHES = [1, 4];

const HELP = `usage: node bin/run.js bench/compile-large.ts [options]

Writes a random checkpoint with OFA-large's exact shapes, compiles it, loads the package and measures its speed as a
share of what the machine reaches in one large matrix product, and that as a share of the processor's peak, which a C
program measures where there is a compiler. An fp16 package, which is for GPUs, is only compiled; with both, the answers
of their self-tests are compared.

  --keep                 keep the checkpoint and the packages in the temporary folder; the next run reuses the
                         checkpoint
  --precision <type>     precision of the package: fp32 (default), fp16 or both
  --checkpoint <folder>  compile this checkpoint instead of a random one; it is not changed`;

/** Path of a script, relative to this one. */
function sibling(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** A line of the table: what was measured, and the figure. */
type Row = readonly [string, string];

function memory({ peakBytes, peakAnonymousBytes }: ChildRun): string {
  if (peakBytes === undefined || peakAnonymousBytes === undefined) return 'peak memory unknown without /proc';
  return `${gibibytes(peakBytes)} at the peak, ${gibibytes(peakAnonymousBytes)} of it not mapped from files`;
}

async function prepareCheckpoint(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  console.error('writing the checkpoint');
  await writeLargeCheckpoint(folder);
}

async function compile(checkpoint: string, target: string, precision: string, rows: Row[]): Promise<Manifest> {
  console.error(`compiling to ${precision}`);
  const args = ['compile', checkpoint, target, '--precision', precision, '--force'];
  const run = await runChild(sibling('../bin/ofa-ve.js'), args);
  const text = await readFile(join(target, PACKAGE_FILES.manifest), 'utf8');
  const manifest = manifestSchema.parse(JSON.parse(text));
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  rows.push(
    [`compile to ${precision}`, `${run.seconds.toFixed(1)} s, ${memory(run)}`],
    [
      `the ${precision} package`,
      `${(bytes / 1e9).toFixed(2)} GB, ${(manifest.graph.parameters / 1e6).toFixed(0)} M parameters`,
    ],
  );
  return manifest;
}

async function matmulPeak(): Promise<number> {
  const run = await runChild(sibling('support/matmul-peak.ts'), []);
  return (JSON.parse(run.stdout) as { multiplyAddsPerSecond: number }).multiplyAddsPerSecond;
}

async function speed(target: string, manifest: Manifest, rows: Row[]): Promise<void> {
  console.error('running the package');
  const length = Math.max(...manifest.text.lengths);
  const before = await matmulPeak();
  const args = [target, String(length), BATCHES.join(',')];
  // As in an engine.
  const run = await runChild(sibling('support/package-speed.ts'), args, CHILD_TIMEOUT_MS, KEPT_MEMORY);
  // Other load on the machine lowers the peak and makes the package look faster: the higher peak counts.
  const peak = Math.max(before, await matmulPeak());
  const result = JSON.parse(run.stdout) as PackageSpeed;
  const gflops = (multiplyAdds: number): string => `${((multiplyAdds * 2) / 1e9).toFixed(0)} GFLOP`;
  const fma = await fmaPeak();
  const shareOfFma = fma === undefined ? '' : `, ${percent(peak / fma, 0)} of that peak`;
  rows.push(
    ['load the package', `${result.loadSeconds.toFixed(1)} s`],
    ['memory with the answers below', memory(run)],
    ["the processor's multiply-adds", fma === undefined ? 'unknown without a C compiler' : `${gflops(fma)}/s`],
    ['one large matrix product', `${gflops(peak)}/s on ${availableParallelism()} threads${shareOfFma}`],
  );
  for (const { size, seconds } of result.batches) {
    const share = (manifest.graph.multiplyAdds * size) / seconds / peak;
    rows.push([
      `an answer in a batch of ${size}, ${length} tokens`,
      `${(seconds / size).toFixed(2)} s, ${gflops(manifest.graph.multiplyAdds)}; ` +
        `${percent(share, 0)} of the speed of that product`,
    ]);
  }
}

/** How far the answers of two packages differ. */
function parity([single, half]: readonly Manifest[]): Row[] {
  if (single === undefined || half === undefined) return [];
  const answers = (manifest: Manifest): number[] =>
    manifest.selfTest.cases.flatMap(({ probabilities }) => probabilities);
  const difference = largestDifference(answers(single), answers(half));
  return [['largest difference of fp16 probabilities', difference.toFixed(4)]];
}

/** @throws UserError if it is no precision */
function precisionsOf(given: string): readonly string[] {
  if (given === 'both') return ['fp32', 'fp16'];
  if (given === 'fp32' || given === 'fp16') return [given];
  throw new UserError('settings-invalid', `--precision is "${given}" but must be fp32, fp16 or both.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      precision: { type: 'string', default: 'fp32' },
      checkpoint: { type: 'string' },
    },
  });
  const own = join(tmpdir(), 'ofa-ve-large-checkpoint');
  const checkpoint = values.checkpoint ?? own;
  const precisions = precisionsOf(values.precision);
  const targets = precisions.map((precision) => join(tmpdir(), `ofa-ve-large-package-${precision}`));
  const rows: Row[] = [];
  try {
    if (values.checkpoint === undefined) await prepareCheckpoint(own);
    const manifests: Manifest[] = [];
    for (const [at, target] of targets.entries()) {
      const manifest = await compile(checkpoint, target, precisions[at] ?? '', rows);
      manifests.push(manifest);
      // A CPU converts float16 to float32 and back for every operation, so that its speed is meaningless.
      if (manifest.precision !== 'fp16') await speed(target, manifest, rows);
    }
    printReport(table(['what', 'figure'], [...rows, ...parity(manifests)]));
    if (values.keep) console.error(`kept: ${[checkpoint, ...targets].join(', ')}`);
  } finally {
    if (!values.keep) {
      for (const target of targets) await rm(target, { recursive: true, force: true });
      if (values.checkpoint === undefined) await rm(own, { recursive: true, force: true });
    }
  }
}

await runProgram(main, HELP);
