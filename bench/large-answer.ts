// Compares an answer of OFA-large's shape on the CPU with an earlier build's and with PyTorch's.
// usage: node bin/run.js bench/large-answer.ts [options]
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { compileCheckpoint } from '../model/compile/compile.ts';
import { KEPT_MEMORY } from '../service/engine/process/kept-memory.ts';
import { largestDifference } from '../testing/graph-session.ts';
import { startTorch, type TorchMode } from './peers/torch-process.ts';
import { EARLIER, withEarlierBuild } from './support/earlier-build.ts';
import { entailmentItems } from './support/entailment-items.ts';
import { printReport, quantile, table } from './support/format.ts';
import { writeLargeCheckpoint } from './support/large-checkpoint.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';
import { alternate, startPackageRunner, type Runner, type RunnerResult } from './support/runners.ts';

/** Packages of this build and the earlier one, and PyTorch in its modes. */
type Side = 'earlier' | 'fp32' | 'int8' | TorchMode;
const NAMES: Readonly<Record<Side, string>> = {
  earlier: `commit ${EARLIER}, fp32`,
  fp32: 'this build, fp32',
  int8: 'this build, int8',
  modelscope: 'PyTorch as ModelScope runs it',
  best: 'PyTorch, tuned, fp32',
  bf16: 'PyTorch, tuned, bf16',
};

/**
 * Largest differences of a probability from fp32's. Two ways of fp32 differ by rounding alone; bf16 has 8 bits of
 * precision, and the tables of its attention biases hold values of several units.
 */
const TOLERANCES: Readonly<Record<Side, number>> = {
  earlier: 1e-4,
  fp32: 0,
  int8: 0.02,
  modelscope: 1e-4,
  best: 1e-4,
  bf16: 0.03,
};

/** How many times as fast as another side one should be. */
const TARGETS: readonly { readonly side: Side; readonly other: Side; readonly ratio: number }[] = [
  { side: 'fp32', other: 'earlier', ratio: 1.15 },
  { side: 'fp32', other: 'modelscope', ratio: 2.6 },
  { side: 'fp32', other: 'best', ratio: 1.35 },
  { side: 'int8', other: 'earlier', ratio: 3.5 },
  { side: 'int8', other: 'bf16', ratio: 2.4 },
];

const HELP = `usage: node bin/run.js bench/large-answer.ts [options]

Asks a random model of OFA-large's shape about photos and generated pictures, one question at a time: packages of this
build in fp32 and int8, one of commit ${EARLIER}, and with --peer PyTorch, in turn. First compares the answers, then prints
the times and their ratios. Exits with 1 if answers differ by more than is allowed or if a target is missed. Needs 8 GB of
disk space, and 16 GB of memory with --peer.

  --peer <python>        a Python with bench/peers/requirements.txt installed
  --rounds <number>      questions for each (default: 8)
  --checkpoint <folder>  a checkpoint of this shape instead of a random one
  --keep <folder>        where checkpoint and packages are made, and found by the next run`;

const run = promisify(execFile);

/** Compiles the checkpoint with both builds, unless that was done before. @returns the packages */
async function packagesOf(folder: string, checkpoint: string): Promise<Record<'earlier' | 'fp32' | 'int8', string>> {
  const packages = { earlier: join(folder, 'earlier'), fp32: join(folder, 'fp32'), int8: join(folder, 'int8') };
  if (!existsSync(packages.earlier)) {
    console.error(`compiling with commit ${EARLIER}`);
    await withEarlierBuild((root) =>
      run(process.execPath, [join(root, 'bin/ofa-ve.js'), 'compile', checkpoint, packages.earlier]),
    );
  }
  for (const precision of ['fp32', 'int8'] as const) {
    if (existsSync(packages[precision])) continue;
    console.error(`compiling to ${precision}`);
    await compileCheckpoint(checkpoint, packages[precision], { precision });
  }
  return packages;
}

/** Largest difference of each side's probabilities from those of this build in fp32. */
function differences(results: ReadonlyMap<Side, readonly RunnerResult[]>): Map<Side, number> {
  const flat = (side: Side): number[] => (results.get(side) ?? []).flatMap(({ probabilities }) => probabilities);
  return new Map([...results.keys()].map((side) => [side, largestDifference(flat('fp32'), flat(side))]));
}

/** Prints answers and times; sets the exit code if answers differ too much or a target is missed. */
function report(results: ReadonlyMap<Side, readonly RunnerResult[]>): void {
  const found = differences(results);
  for (const [side, difference] of found) {
    if (difference <= TOLERANCES[side]) continue;
    console.error(`${NAMES[side]}: probabilities differ by ${difference}, more than ${TOLERANCES[side]}.`);
    process.exitCode = 1;
  }
  const median = (side: Side, field: 'seconds' | 'cpuSeconds'): number =>
    quantile(
      (results.get(side) ?? []).map((result) => result[field]),
      0.5,
    );
  const times = [...found].map(([side, difference]) => [
    NAMES[side],
    ...(side === 'fp32' ? ['', ''] : [difference, TOLERANCES[side]].map((value) => value.toExponential(1))),
    `${median(side, 'seconds').toFixed(2)} s`,
    `${median(side, 'cpuSeconds').toFixed(2)} s`,
  ]);
  const ratios = TARGETS.filter(({ other }) => results.has(other)).map(({ side, other, ratio }) => {
    const reached = median(other, 'seconds') / median(side, 'seconds');
    if (!(reached >= ratio)) process.exitCode = 1;
    return [NAMES[side], NAMES[other], reached.toFixed(2), ratio.toFixed(2)];
  });
  printReport(
    table(['an answer of', 'largest difference', 'allowed', 'time', 'processor time'], times),
    table(['the speed of', 'is that of', 'times', 'target'], ratios),
    `Medians of ${results.get('fp32')?.length ?? 0} questions, the sides in turn. Differences are those of probabilities from this build in fp32.`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      peer: { type: 'string' },
      rounds: { type: 'string', default: '8' },
      checkpoint: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const rounds = wholeNumber('--rounds', values.rounds);
  const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'ofa-ve-large-answer-')));
  const runners = new Map<Side, Runner>();
  try {
    await mkdir(folder, { recursive: true });
    const checkpoint = values.checkpoint ?? join(folder, 'checkpoint');
    if (!existsSync(checkpoint)) await writeLargeCheckpoint(checkpoint);
    const packages = await packagesOf(folder, checkpoint);
    const { items, padded, answers } = await entailmentItems(folder, packages.fp32);
    // The earlier build's engine did not keep its memory.
    runners.set('earlier', startPackageRunner(packages.earlier));
    runners.set('fp32', startPackageRunner(packages.fp32, KEPT_MEMORY));
    runners.set('int8', startPackageRunner(packages.int8, KEPT_MEMORY));
    for (const mode of values.peer === undefined ? [] : (['modelscope', 'best', 'bf16'] as const)) {
      runners.set(mode, startTorch(values.peer ?? '', checkpoint, mode, answers));
    }
    report(await alternate(runners, (side) => (side in packages ? padded : items), rounds));
  } finally {
    for (const runner of runners.values()) runner.stop();
    if (values.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main, HELP);
