// Measures the processor time of an answer, and the memory of all processes, beside an earlier build and other servers.
// usage: node bin/run.js bench/service-cost.ts [options]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { DEMO_CHECKPOINT } from '../demo/demo-package.ts';
import { compareAnswers, FORMS, measureInTurn, type Round, type Subject } from './load/cost-rounds.ts';
import { makePictures } from './load/form-clients.ts';
import { PEERS, startPeer } from './peers/peer-process.ts';
import { ROOT } from '../testing/root.ts';
import { compileBuild, imageNodeOptions } from './support/compiled-build.ts';
import { EARLIER, withEarlierBuild } from './support/earlier-build.ts';
import { mebibytes, printReport, quantile, table } from './support/format.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';
import { processTree, proportionalBytes } from '../testing/process-usage.ts';
import { startServiceProcess } from '../testing/service-process.ts';

/** Checkpoints of the models that are served; the second costs the engine next to nothing. */
const MODELS = {
  'demo model': DEMO_CHECKPOINT,
  'near-null model': fileURLToPath(new URL('../test/fixtures/ofa/mini-none', import.meta.url)),
} as const;
type Model = keyof typeof MODELS;

const HELP = `usage: node bin/run.js bench/service-cost.ts [options]

Sends forms with pictures of 640x480, all different, to the demo model and to one that costs next to nothing, and prints
processor time and memory of compiled builds: of this one, of commit ${EARLIER}, and with --peer of Python servers. They
take turns; their answers are compared first. Exits with 1 if a target is missed.

  --clients <list>   numbers of clients at a time (default: 16,1)
  --rounds <number>  rounds of ${FORMS} forms for each server (default: 7)
  --peer <python>    a Python with bench/peers/requirements.txt installed`;

const run = promisify(execFile);
/** Forms before a server's first load: V8 optimizes the service for that long. */
const WARM_UP_FORMS = 4500;
/** Forms before its further loads. */
const FURTHER_FORMS = 1000;

/** What was measured of a server under one load. */
interface Result {
  readonly name: string;
  readonly rounds: readonly Round[];
  readonly memoryBytes: number;
}

/** The results of one load, this build's first. */
interface Comparison {
  readonly model: Model;
  readonly clients: number;
  readonly results: readonly Result[];
}

const rateOf = ({ rounds }: Result): number =>
  quantile(
    rounds.map((round) => round.answersPerSecond),
    0.5,
  );
const latencyOf = ({ rounds }: Result, share: number): number =>
  quantile(
    rounds.flatMap((round) => round.latencies),
    share,
  );

/** A figure of this build, or its ratio to that of FastAPI's thread pool, and the least or most that it should be. */
interface Target {
  readonly what: string;
  readonly model: Model;
  readonly clients: number;
  readonly least?: number;
  readonly most?: number;
  /** @returns undefined without the pool, if it is compared with it */
  readonly of: (ours: Result, pool: Result | undefined) => number | undefined;
}

const TARGETS: readonly Target[] = [
  {
    what: 'rate / pool',
    model: 'demo model',
    clients: 16,
    least: 1.6,
    of: (ours, pool) => pool && rateOf(ours) / rateOf(pool),
  },
  {
    what: 'median latency / pool',
    model: 'demo model',
    clients: 1,
    most: 0.8,
    of: (ours, pool) => pool && latencyOf(ours, 0.5) / latencyOf(pool, 0.5),
  },
  {
    what: '95 % latency / pool',
    model: 'demo model',
    clients: 1,
    most: 0.8,
    of: (ours, pool) => pool && latencyOf(ours, 0.95) / latencyOf(pool, 0.95),
  },
  {
    what: 'rate / pool',
    model: 'near-null model',
    clients: 16,
    least: 1.4,
    of: (ours, pool) => pool && rateOf(ours) / rateOf(pool),
  },
  { what: 'memory, MiB', model: 'demo model', clients: 16, most: 220, of: (ours) => ours.memoryBytes / 2 ** 20 },
];

/** A row for each target whose load was measured; sets the exit code if one is missed. */
function targetRows(comparisons: readonly Comparison[]): string[][] {
  return TARGETS.flatMap(({ what, model, clients, least = -Infinity, most = Infinity, of }) => {
    const results = comparisons.find((each) => each.model === model && each.clients === clients)?.results ?? [];
    const pool = results.find(({ name }) => name === PEERS.fastapi_pool);
    const value = results[0] && of(results[0], pool);
    if (value === undefined) return [];
    if (!(value >= least && value <= most)) process.exitCode = 1;
    const target = least > -Infinity ? `at least ${least}` : `at most ${most}`;
    return [[what, model, String(clients), value.toFixed(2), target]];
  });
}

function row({ name, rounds, memoryBytes }: Result, ours: Result): string[] {
  const median = (of: readonly Round[], value: (round: Round) => number): number => quantile(of.map(value), 0.5);
  const total = (round: Round): number => round.mainThread + round.otherThreads + round.children;
  const rate = (round: Round): number => round.answersPerSecond;
  const latencies = rounds.flatMap((round) => round.latencies);
  const milliseconds = (value: (round: Round) => number): string => median(rounds, value).toFixed(2);
  return [
    name,
    milliseconds((round) => round.mainThread),
    milliseconds((round) => round.otherThreads),
    milliseconds((round) => round.children),
    milliseconds(total),
    (median(ours.rounds, total) / median(rounds, total)).toFixed(2),
    median(rounds, rate).toFixed(0),
    (median(ours.rounds, rate) / median(rounds, rate)).toFixed(2),
    `${quantile(latencies, 0.5).toFixed(0)}, ${quantile(latencies, 0.95).toFixed(0)} ms`,
    mebibytes(memoryBytes),
  ];
}

const HEADINGS = [
  'server',
  'main',
  'others',
  'children',
  'CPU',
  'ours / its',
  'rate',
  'ours / its',
  'latency',
  'memory',
];

function report(comparisons: readonly Comparison[], rounds: number): void {
  const tables = comparisons.flatMap(({ model, clients, results }) => {
    const [ours] = results;
    return ours
      ? [
          `${model}, clients: ${clients}`,
          table(
            HEADINGS,
            results.map((result) => row(result, ours)),
          ),
        ]
      : [];
  });
  printReport(
    ...tables,
    table(['figure', 'model', 'clients', 'reached', 'target'], targetRows(comparisons)),
    `Medians of ${rounds} rounds of ${FORMS} forms each, the servers in turn. CPU in milliseconds an answer: of ` +
      'the main thread, of the other threads of its process, of its child processes, and in all; rate in answers a ' +
      'second; latency: median and 95 %. Memory is the PSS of all processes of a server, as if no other program mapped ' +
      'the same files.',
  );
}

/** Compiles a model with a build. @returns the running service */
async function startBuild(
  { program, root, nodeOptions }: Build,
  model: Model,
  target: string,
): Promise<Subject['server']> {
  await run(process.execPath, [join(root, 'bin/ofa-ve.js'), 'compile', MODELS[model], target, '--name', 'served']);
  return startServiceProcess({ args: ['--model', target], program, nodeOptions });
}

/** A compiled build, and how its image runs it. */
interface Build {
  readonly program: string;
  /** Of its sources. */
  readonly root: string;
  readonly nodeOptions: readonly string[];
}

interface Builds {
  /** For packages. */
  readonly folder: string;
  readonly now: Build;
  readonly earlier: Build;
}

async function compare(
  model: Model,
  { folder, now, earlier }: Builds,
  { clients, rounds, peer }: { clients: readonly number[]; rounds: number; peer: string | undefined },
): Promise<Comparison[]> {
  console.error(model);
  const subjects: Subject[] = [];
  const [ours, theirs] = [join(folder, `now ${model}`), join(folder, `earlier ${model}`)];
  try {
    subjects.push({ name: 'this build', server: await startBuild(now, model, ours) });
    subjects.push({ name: `commit ${EARLIER}`, server: await startBuild(earlier, model, theirs) });
    if (peer !== undefined) {
      for (const name of Object.keys(PEERS) as (keyof typeof PEERS)[]) {
        subjects.push({ name: PEERS[name], server: await startPeer(peer, name, ours) });
      }
    }
    const pictures = await makePictures();
    await compareAnswers(subjects, pictures);
    const comparisons: Comparison[] = [];
    for (const [load, count] of clients.entries()) {
      const measured = await measureInTurn(subjects, pictures, {
        clients: count,
        warmUpForms: load === 0 ? WARM_UP_FORMS : FURTHER_FORMS,
        rounds,
      });
      const results = subjects.map(({ name, server }, at) => ({
        name,
        rounds: measured[at] ?? [],
        memoryBytes: proportionalBytes(processTree(server.pid)),
      }));
      comparisons.push({ model, clients: count, results });
    }
    return comparisons;
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '16,1' },
      rounds: { type: 'string', default: '7' },
      peer: { type: 'string' },
    },
  });
  const clients = values.clients.split(',').map((text) => wholeNumber('--clients', text));
  const load = { clients, rounds: wholeNumber('--rounds', values.rounds), peer: values.peer };
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-cost-'));
  try {
    const comparisons = await withEarlierBuild(async (earlierRoot) => {
      const now = { program: await compileBuild(join(folder, 'now')), root: ROOT, nodeOptions: imageNodeOptions() };
      const earlier = await compileBuild(join(folder, 'earlier'), earlierRoot);
      const builds = { folder, now, earlier: { program: earlier, root: earlierRoot, nodeOptions: [] } };
      return [...(await compare('demo model', builds, load)), ...(await compare('near-null model', builds, load))];
    });
    report(comparisons, load.rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main, HELP);
