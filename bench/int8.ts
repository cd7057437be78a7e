// Compares int8 with fp32: speed on OFA-large's shape, also with an earlier build, and answers there and on the demo model.
// usage: node bin/run.js bench/int8.ts [--rounds <number>] [--questions <number>] [--checkpoint <folder>] [--keep <folder>]
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { EXAMPLES } from '../demo/examples.ts';
import { DEMO_CHECKPOINT } from '../demo/demo-package.ts';
import { openLocalModel } from '../demo/local-model.ts';
import type { Pair } from '../demo/world/pairs.ts';
import { heldOutQuestions } from '../demo/world/evaluation/questions.ts';
import { pictureOf } from '../demo/world/render.ts';
import { compileCheckpoint } from '../model/compile/compile.ts';
import { toPixels } from '../model/input/pixels/pixels.ts';
import { encodePrompt } from '../model/input/tokens.ts';
import { PACKAGE_FILES } from '../model/package/manifest.ts';
import { openPackage } from '../model/package/open-package.ts';
import { selfTestImage } from '../model/package/self-test.ts';
import { loadTokenizer } from '../model/package/tokenizer.ts';
import { sourceFlags } from '../model/source-flags.ts';
import { KEPT_MEMORY } from '../service/engine/process/kept-memory.ts';
import { paddedLength } from '../service/engine/session/self-test.ts';
import { withEarlierBuild } from './support/earlier-build.ts';
import { printReport, quantile, table } from './support/format.ts';
import { writeLargeCheckpoint } from './support/large-checkpoint.ts';
import type { RunnerItem, RunnerResult } from './support/package-runner.ts';
import { runProgram } from './support/run-program.ts';

/** The build that the target refers to. */
const EARLIER = 'bf2404b';
const TARGETS = { speed: 3.5, difference: 0.02, agreement: 0.995, accuracy: 0.003 } as const;
const PHOTOS = ['astronaut', 'chelsea', 'coffee'];
/** Generated pictures beside the photos. */
const GENERATED = 5;
const SENTENCES = ['a dog is asleep.', 'two people are outside, and one of them is waving.', 'no one is there'];
/** Concurrent questions to the demo model. */
const AT_ONCE = 16;

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What is compared on OFA-large's shape. */
type Side = 'earlier' | 'fp32' | 'int8';
const SIDES: Readonly<Record<Side, string>> = { earlier: `fp32, commit ${EARLIER}`, fp32: 'fp32', int8: 'int8' };

/** Compiles the large checkpoint with both builds, unless that was done before. @returns the packages */
async function packagesOf(folder: string, checkpoint: string): Promise<Record<Side, string>> {
  const packages = { earlier: join(folder, 'earlier'), fp32: join(folder, 'fp32'), int8: join(folder, 'int8') };
  if (!existsSync(packages.earlier)) {
    console.error(`compiling with commit ${EARLIER}`);
    await withEarlierBuild(EARLIER, (root) =>
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

/** Questions about photos and generated pictures, padded to the shortest length that fits. */
async function itemsOf(folder: string, packageFolder: string): Promise<RunnerItem[]> {
  const { dir, manifest } = await openPackage(packageFolder);
  const tokenizer = loadTokenizer(await readFile(join(dir, PACKAGE_FILES.tokenizer), 'utf8'));
  const { size } = manifest.image;
  const photos = PHOTOS.map(async (name) =>
    toPixels(await readFile(here(`../test/fixtures/photos/${name}.jpg`)), size),
  );
  const generated = Array.from({ length: GENERATED }, (_, seed) => selfTestImage(seed, size));
  const pictures = [...(await Promise.all(photos)), ...generated];
  const items: RunnerItem[] = [];
  for (const [at, bytes] of pictures.entries()) {
    const pixels = join(folder, `${at}.rgb`);
    await writeFile(pixels, bytes);
    const { ids } = encodePrompt(tokenizer, manifest.text, SENTENCES[at % SENTENCES.length] ?? '');
    const padding = paddedLength(manifest.text.lengths, ids.length) - ids.length;
    const { pad } = manifest.text.specialTokens;
    items.push({ pixels, size, inputIds: [...ids, ...new Array<number>(padding).fill(pad)] });
  }
  return items;
}

function startRunner(folder: string, env: NodeJS.ProcessEnv): ChildProcess {
  const script = here('support/package-runner.ts');
  return fork(script, [folder], { execArgv: [...sourceFlags(script)], env: { ...process.env, ...env } });
}

async function ask(runner: ChildProcess, item: RunnerItem): Promise<RunnerResult> {
  runner.send(item);
  const [result] = (await once(runner, 'message')) as [RunnerResult];
  return result;
}

/** Runs the sides in turn. @returns the results of each, in the order of the rounds */
async function alternate(
  packages: Record<Side, string>,
  items: readonly RunnerItem[],
  rounds: number,
): Promise<Record<Side, RunnerResult[]>> {
  // The earlier build's engine did not keep its memory.
  const runners = {
    earlier: startRunner(packages.earlier, {}),
    fp32: startRunner(packages.fp32, KEPT_MEMORY),
    int8: startRunner(packages.int8, KEPT_MEMORY),
  };
  const results: Record<Side, RunnerResult[]> = { earlier: [], fp32: [], int8: [] };
  try {
    for (let round = -1; round < rounds; round++) {
      const item = items[Math.max(0, round) % items.length];
      if (item === undefined) throw new Error('there are no items');
      for (const side of Object.keys(SIDES) as Side[]) {
        const result = await ask(runners[side], item);
        // The first run is slower.
        if (round >= 0) results[side].push(result);
      }
    }
  } finally {
    for (const runner of Object.values(runners)) runner.kill();
  }
  return results;
}

/** @returns what to print; sets the exit code if a target is missed */
function reportLarge(results: Record<Side, RunnerResult[]>): string[] {
  const median = (side: Side, field: 'seconds' | 'cpuSeconds'): number =>
    quantile(
      results[side].map((result) => result[field]),
      0.5,
    );
  const rows = (Object.keys(SIDES) as Side[]).map((side) => [
    SIDES[side],
    ...(['seconds', 'cpuSeconds'] as const).flatMap((field) => [
      `${median(side, field).toFixed(2)} s`,
      (median('earlier', field) / median(side, field)).toFixed(2),
    ]),
  ]);
  const differences = results.int8.map(({ probabilities }, round) =>
    Math.max(...probabilities.map((value, at) => Math.abs(value - (results.fp32[round]?.probabilities[at] ?? NaN)))),
  );
  const difference = Math.max(...differences);
  const speed = median('earlier', 'seconds') / median('int8', 'seconds');
  if (!(speed >= TARGETS.speed && difference <= TARGETS.difference)) process.exitCode = 1;
  return [
    table(['OFA-large, an answer', 'time', 'speed', 'processor time', 'speed'], rows),
    `Medians of ${results.int8.length} alternated runs of a single item; the target is ${TARGETS.speed} times the speed of commit ${EARLIER}.`,
    `Largest difference of int8's probabilities from fp32's: ${difference.toFixed(4)} (target: ${TARGETS.difference}).`,
  ];
}

interface DemoAnswer {
  readonly label: string;
  readonly scores: readonly number[];
}

async function askDemo(folder: string, pairs: readonly Pair[]): Promise<DemoAnswer[]> {
  const model = await openLocalModel(folder);
  const answers: DemoAnswer[] = [];
  const queue = pairs.entries();
  const work = async (): Promise<void> => {
    for (const [at, { scene, hypothesis, premise }] of queue) {
      const { label, scores } = await model.ask(await pictureOf(scene), hypothesis, premise);
      answers[at] = { label, scores: Object.values(scores) };
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return answers;
  } finally {
    await model.close();
  }
}

async function compareDemo(folder: string, perAnswer: number): Promise<string> {
  const pairs = heldOutQuestions(1, perAnswer);
  const answers: Record<'fp32' | 'int8', DemoAnswer[]> = { fp32: [], int8: [] };
  for (const precision of ['fp32', 'int8'] as const) {
    console.error(`asking the demo model in ${precision}`);
    const target = join(folder, `demo-${precision}`);
    await compileCheckpoint(DEMO_CHECKPOINT, target, { precision, examples: EXAMPLES, replace: true });
    answers[precision] = await askDemo(target, pairs);
  }
  const accuracy = (precision: 'fp32' | 'int8'): number =>
    pairs.filter(({ answer }, at) => answers[precision][at]?.label === answer).length / pairs.length;
  const agreement = pairs.filter((_, at) => answers.fp32[at]?.label === answers.int8[at]?.label).length / pairs.length;
  const differences = answers.int8.map(({ scores }, question) =>
    Math.max(...scores.map((value, at) => Math.abs(value - (answers.fp32[question]?.scores[at] ?? NaN)))),
  );
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const loss = accuracy('fp32') - accuracy('int8');
  if (!(agreement >= TARGETS.agreement && loss <= TARGETS.accuracy)) process.exitCode = 1;
  return table(
    ['demo model', 'figure', 'target'],
    [
      ['held-out questions', String(pairs.length), ''],
      ['same answer as fp32', percent(agreement), `at least ${percent(TARGETS.agreement)}`],
      ['accuracy in fp32', percent(accuracy('fp32')), ''],
      ['accuracy in int8', percent(accuracy('int8')), `at most ${percent(TARGETS.accuracy)} less`],
      ['mean difference of probabilities', (differences.reduce((a, b) => a + b, 0) / pairs.length).toFixed(4), ''],
      ['99 % of the differences are below', quantile(differences, 0.99).toFixed(4), ''],
    ],
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '8' },
      questions: { type: 'string', default: '2000' },
      checkpoint: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'ofa-ve-int8-')));
  await mkdir(folder, { recursive: true });
  try {
    const demo = await compareDemo(folder, Number(values.questions));
    const checkpoint = values.checkpoint ?? join(folder, 'checkpoint');
    if (!existsSync(checkpoint)) await writeLargeCheckpoint(checkpoint, 1);
    const packages = await packagesOf(folder, checkpoint);
    const items = await itemsOf(folder, packages.fp32);
    printReport(...reportLarge(await alternate(packages, items, Number(values.rounds))), demo);
  } finally {
    if (values.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main);
