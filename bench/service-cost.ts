// Measures the processor time of an answer, and the memory of all processes, beside an earlier build and other servers.
// usage: node bin/run.js bench/service-cost.ts [options]
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { DEMO_CHECKPOINT } from '../demo/demo-package.ts';
import { FORM_HEADERS, makePictures, nextForm, sendForms } from './load/form-clients.ts';
import { PEERS, startPeer } from './peers/peer-process.ts';
import { compileBuild, ROOT } from './support/compiled-build.ts';
import { withEarlierBuild } from './support/earlier-build.ts';
import { mebibytes, printReport, quantile, table } from './support/format.ts';
import { processorMs, processTree, proportionalBytes } from './support/process-usage.ts';
import { runProgram } from './support/run-program.ts';
import { largestDifference } from '../testing/graph-session.ts';
import { startServiceProcess } from '../testing/service-process.ts';

/** The build that the targets refer to. */
const EARLIER = 'bf2404b';
/** Forms of each server in each round. */
const FORMS = 300;
const WARM_UP_FORMS = 200;

const HELP = `usage: node bin/run.js bench/service-cost.ts [options]

Sends forms with pictures of 640x480, all different, to the demo model, and prints processor time and memory of compiled
builds: of this one, of commit ${EARLIER}, and with --peer of Python servers. They take turns.

  --clients <number>  clients at a time (default: 16)
  --rounds <number>   rounds of ${FORMS} forms for each server (default: 7)
  --peer <python>     a Python with bench/peers/requirements.txt installed`;

const run = promisify(execFile);

/** A server that answers forms at /predict. */
interface Subject {
  readonly name: string;
  readonly server: { readonly pid: number; readonly url: string; stop(): Promise<void> };
}

/** Processor time in milliseconds, and what clients saw of it. */
interface Round {
  readonly mainThread: number;
  readonly otherThreads: number;
  readonly children: number;
  readonly answersPerSecond: number;
  readonly latencies: readonly number[];
}

interface Usage {
  readonly mainThread: number;
  readonly process: number;
  readonly children: number;
}

function usageOf(pid: number): Usage {
  const { all, mainThread } = processorMs(pid);
  const children = processTree(pid).slice(1);
  return {
    mainThread,
    process: all,
    children: children.reduce((sum, child) => sum + processorMs(child).all, 0),
  };
}

async function measure({ server }: Subject, pictures: readonly Buffer[], clients: number): Promise<Round> {
  const before = usageOf(server.pid);
  const { seconds, latencies } = await sendForms(server.url, pictures, clients, FORMS);
  const after = usageOf(server.pid);
  const each = (key: keyof Usage): number => (after[key] - before[key]) / FORMS;
  return {
    mainThread: each('mainThread'),
    // Both are rounded down to ticks.
    otherThreads: Math.max(0, each('process') - each('mainThread')),
    children: each('children'),
    answersPerSecond: FORMS / seconds,
    latencies,
  };
}

function row({ name, server }: Subject, rounds: readonly Round[], ours: readonly Round[]): string[] {
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
    (median(ours, total) / median(rounds, total)).toFixed(2),
    median(rounds, rate).toFixed(0),
    (median(ours, rate) / median(rounds, rate)).toFixed(2),
    `${quantile(latencies, 0.5).toFixed(0)}, ${quantile(latencies, 0.95).toFixed(0)} ms`,
    mebibytes(proportionalBytes(processTree(server.pid))),
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

/** Most by which a probability may differ from that of the first server: they round differently. */
const TOLERANCE = 1e-3;

/** The probabilities that a server answers a form with, by their names. */
async function scoresOf({ server }: Subject, body: Buffer): Promise<number[]> {
  const response = await fetch(`${server.url}/predict`, { method: 'POST', headers: FORM_HEADERS, body });
  const { scores } = (await response.json()) as { scores: Record<string, number> };
  return Object.keys(scores)
    .sort()
    .map((name) => scores[name] ?? NaN);
}

/** @throws Error if a server's answers differ from those of the first: their times could not be compared */
async function compareAnswers(subjects: readonly Subject[], pictures: readonly Buffer[]): Promise<void> {
  for (const form of pictures.map(() => nextForm(pictures))) {
    const [ours = [], ...others] = await Promise.all(subjects.map((subject) => scoresOf(subject, form)));
    for (const [at, scores] of others.entries()) {
      const difference = largestDifference(ours, scores);
      if (difference > TOLERANCE)
        throw new Error(`${subjects[at + 1]?.name ?? ''} answers differently: by ${difference}`);
    }
  }
}

async function compare(subjects: readonly Subject[], clients: number, rounds: number): Promise<void> {
  const pictures = await makePictures();
  await compareAnswers(subjects, pictures);
  const results = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]));
  for (const { server } of subjects) await sendForms(server.url, pictures, clients, WARM_UP_FORMS);
  for (let round = 0; round < rounds; round++) {
    console.error(`round ${round + 1} of ${rounds}`);
    for (const subject of subjects) results.get(subject)?.push(await measure(subject, pictures, clients));
  }
  const [ours = []] = results.values();
  printReport(
    table(
      HEADINGS,
      subjects.map((subject) => row(subject, results.get(subject) ?? [], ours)),
    ),
    `${clients} clients, medians of ${rounds} rounds of ${FORMS} forms each, the servers in turn. CPU in milliseconds an answer: of ` +
      'the main thread, of the other threads of its process, of its child processes, and in all; rate in answers a ' +
      'second; latency: median and 95 %. Memory is the PSS of all processes of a server, as if no other program mapped ' +
      'the same files.',
  );
}

/** Compiles a build and the demo model for it. @returns the running service */
async function startBuild(folder: string, root: string): Promise<Subject['server']> {
  const program = await compileBuild(join(folder, 'build'), root);
  const model = join(folder, 'package');
  const checkpoint = [DEMO_CHECKPOINT, join(root, 'model/demo/checkpoint')].find((path) => existsSync(path)) ?? '';
  await run(process.execPath, [join(root, 'bin/ofa-ve.js'), 'compile', checkpoint, model, '--name', 'ofa-demo']);
  return startServiceProcess({ args: ['--model', model], program });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '7' },
      peer: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-cost-'));
  const subjects: Subject[] = [];
  try {
    await withEarlierBuild(EARLIER, async (root) => {
      subjects.push({ name: 'this build', server: await startBuild(join(folder, 'now'), ROOT) });
      subjects.push({ name: `commit ${EARLIER}`, server: await startBuild(join(folder, 'earlier'), root) });
      for (const peer of values.peer === undefined ? [] : (Object.keys(PEERS) as (keyof typeof PEERS)[])) {
        const server = await startPeer(values.peer ?? '', peer, join(folder, 'now/package'));
        subjects.push({ name: PEERS[peer], server });
      }
      await compare(subjects, Number(values.clients), Number(values.rounds));
    });
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main);
