// Measures what the verification of a package's checksums adds to the time until an engine is ready.
// usage: node bin/run.js bench/package-integrity.ts [--large <package>] [--runs <number>]
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { demoPackage } from '../demo/demo-package.ts';
import { openPackage, type ModelPackage } from '../model/package/open-package.ts';
import { PackageVerifier, stampPackage } from '../model/package/verify-package.ts';
import { EngineSupervisor } from '../service/engine/process/supervisor.ts';
import { percent, printReport, quantile, table } from './support/format.ts';
import { withLargePackage } from './support/large-package.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';

const HELP = `usage: node bin/run.js bench/package-integrity.ts [options]

Starts the engine on a CPU, alternately with and without verifying the package's checksums, and prints the time until it
is ready. Exits with 1 if verifying takes more than a tenth of it. All files are in the page cache.

  --large <package>  a package of OFA-large, instead of a random one of its shape, which is compiled first
  --runs <number>    runs of each (default: 5)`;

/** Largest share of the time without verification that it may add. */
const TARGET = 0.1;

interface Start {
  /** From the fork of the engine process until it is ready. */
  readonly readyMs: number;
  /** The part of it in which the engine loads the model. */
  readonly loadMs: number;
}

async function start(modelPackage: ModelPackage, verifyPackage: () => Promise<string>): Promise<Start> {
  const supervisor = new EngineSupervisor({
    load: { modelPackage, device: 'cpu', threads: availableParallelism(), maxBatch: 1 },
    startTimeoutMs: 600_000,
    runTimeoutMs: 0,
    verifyPackage,
  });
  const from = performance.now();
  supervisor.start();
  await supervisor.whenReady();
  const readyMs = performance.now() - from;
  const { state } = supervisor;
  await supervisor.stop();
  if (state.phase !== 'ready') throw new Error('The engine failed right after its start.');
  return { readyMs, loadMs: state.info.loadMs };
}

/** Measures one package. @returns its row in the table, and the share that verification adds */
async function measure(name: string, folder: string, runs: number): Promise<{ row: string[]; added: number }> {
  const modelPackage = await openPackage(folder);
  const bytes = modelPackage.manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  // Fills the page cache.
  const warm = await start(modelPackage, () => new PackageVerifier(modelPackage).verify());
  const plain: Start[] = [];
  const verified: Start[] = [];
  console.error(`${name}: the first start took ${seconds([warm.readyMs])}`);
  for (let run = 0; run < runs; run++) {
    plain.push(await start(modelPackage, () => stampPackage(modelPackage)));
    verified.push(await start(modelPackage, () => new PackageVerifier(modelPackage).verify()));
  }
  const ready = [plain, verified].map((starts) => starts.map(({ readyMs }) => readyMs));
  const load = [plain, verified].map((starts) => starts.map(({ loadMs }) => loadMs));
  const [without = NaN, verifying = NaN] = ready.map((times) => quantile(times, 0.5));
  const added = verifying / without - 1;
  const size = `${(bytes / 1e6).toFixed(0)} MB`;
  return { row: [name, size, ...ready.map(seconds), increase(added), ...load.map(seconds)], added };
}

function seconds(times: readonly number[]): string {
  return `${(quantile(times, 0.5) / 1000).toFixed(2)} s`;
}

/** By how much a time is longer. */
function increase(share: number): string {
  return `${share < 0 ? '' : '+'}${percent(share, 0)}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      large: { type: 'string' },
      runs: { type: 'string', default: '5' },
    },
  });
  const runs = wholeNumber('--runs', values.runs);
  const results = [await measure('demo model', await demoPackage(), runs)];
  await withLargePackage(values.large, async (folder) => {
    results.push(await measure("OFA-large's shape", folder, runs));
  });
  printReport(
    table(
      ['package', 'size', 'ready, not verified', 'ready, verified', 'added', 'load, not verified', 'load, verified'],
      results.map(({ row }) => row),
    ),
    `Medians of ${runs} runs each, alternated, from the fork of the engine until it is ready (target: at most + 10 %), ` +
      'and the part of it in which ONNX Runtime loads the model.',
  );
  if (results.some(({ added }) => !(added <= TARGET))) process.exitCode = 1;
}

await runProgram(main, HELP);
