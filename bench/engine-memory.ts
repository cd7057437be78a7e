// Compares ways for an engine on the CPU to get the memory of a run: returned to the system after each run, kept by
// malloc, or kept by ONNX Runtime's arena. The three take turns, each in a process of its own, over changing shapes.
// usage: node bin/run.js bench/engine-memory.ts [package] [rounds]
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import * as ort from '../model/onnx-runtime.ts';
import { PACKAGE_FILES } from '../model/package/layout.ts';
import { openPackage } from '../model/package/open-package.ts';
import { sourceFlags } from '../model/source-flags.ts';
import { KEPT_MEMORY } from '../service/engine/process/kept-memory.ts';
import { makeSession } from '../service/engine/session/session.ts';
import { sessionOptions } from '../service/engine/session/session-options.ts';
import { printReport, mebibytes, quantile, table } from './support/format.ts';
import { fullBatch } from './support/full-batch.ts';
import { withLargePackage } from './support/large-package.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

const WAYS = {
  'returned after each run': { arena: false, env: {} },
  'kept by malloc': { arena: false, env: KEPT_MEMORY },
  "kept by ONNX Runtime's arena": { arena: true, env: {} },
} as const;
const BATCHES = [1, 2, 1, 4];

interface Order {
  readonly size: number;
  readonly length: number;
}

interface Outcome {
  readonly ms: number;
  /** Minor page faults of the run. */
  readonly faults: number;
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/** The child's side: runs batches of the sizes and lengths that it receives. */
async function serve(folder: string, arena: boolean): Promise<void> {
  const { dir, manifest } = await openPackage(folder);
  const open = (graph: string): Promise<ort.InferenceSession> =>
    ort.InferenceSession.create(join(dir, graph), {
      ...sessionOptions('cpu', availableParallelism()),
      enableCpuMemArena: arena,
    });
  const sessions = { image: await open(PACKAGE_FILES.imageGraph), answers: await open(PACKAGE_FILES.graph) };
  const session = makeSession(sessions, manifest, 'cpu');
  process.on('message', ({ size, length }: Order) => {
    const batch = fullBatch(manifest, size, length);
    const before = process.resourceUsage().minorPageFault;
    const start = performance.now();
    void session.run(batch).then(() => {
      const usage = process.resourceUsage();
      process.send?.({
        ms: performance.now() - start,
        faults: usage.minorPageFault - before,
        residentBytes: process.memoryUsage.rss(),
        peakBytes: usage.maxRSS * 1024,
      } satisfies Outcome);
    });
  });
  process.send?.('ready');
}

async function ask(child: ChildProcess, order: Order): Promise<Outcome> {
  child.send(order);
  const [outcome] = (await once(child, 'message')) as [Outcome];
  return outcome;
}

async function compare(folder: string, rounds: number): Promise<void> {
  const { manifest } = await openPackage(folder);
  const children = new Map<string, ChildProcess>();
  for (const [name, { arena, env }] of Object.entries(WAYS)) {
    const child = fork(import.meta.filename, ['serve', folder, String(arena)], {
      execArgv: sourceFlags('.ts'),
      env: { ...process.env, ...env },
    });
    await once(child, 'message');
    children.set(name, child);
  }
  const outcomes = new Map<string, Outcome[]>([...children.keys()].map((name) => [name, []]));
  const { lengths } = manifest.text;
  for (let round = -1; round < rounds; round++) {
    for (const [at, size] of BATCHES.entries()) {
      const length = lengths[(round + 1 + at) % lengths.length] ?? 0;
      for (const [name, child] of children) {
        const outcome = await ask(child, { size, length });
        if (round >= 0) outcomes.get(name)?.push(outcome);
      }
    }
  }
  for (const child of children.values()) child.disconnect();
  report(outcomes);
}

function report(outcomes: ReadonlyMap<string, readonly Outcome[]>): void {
  const [base = []] = outcomes.values();
  const rows = [...outcomes].map(([name, all]) => {
    const ratios = all.map(({ ms }, at) => ms / (base[at]?.ms ?? NaN));
    const { residentBytes = NaN, peakBytes = NaN } = all.at(-1) ?? {};
    const [first, last] = [all[0]?.residentBytes ?? NaN, residentBytes];
    return [
      name,
      quantile(ratios, 0.5).toFixed(3),
      String(
        Math.round(
          quantile(
            all.map(({ faults }) => faults),
            0.5,
          ),
        ),
      ),
      `${mebibytes(first)}, ${mebibytes(last)}`,
      mebibytes(peakBytes),
    ];
  });
  printReport(
    table(
      ['memory of a run', 'time, ratio', 'page faults a run', 'resident after the first and last run', 'peak'],
      rows,
    ),
    `Medians of ${base.length} runs each, batches of ${[...new Set(BATCHES)].join(', ')}, all text lengths in turn.`,
  );
}

async function main(): Promise<void> {
  const [given, rounds = '6'] = programArguments(2);
  await withLargePackage(given, (folder) => compare(folder, wholeNumber('rounds', rounds)));
}

const [first, second, third] = process.argv.slice(2);
if (first === 'serve') await serve(second ?? '', third === 'true');
else await runProgram(main);
