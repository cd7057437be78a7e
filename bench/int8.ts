// Compares the demo model in int8 with fp32 on its held-out questions. bench/large-answer.ts measures the speed of int8.
// usage: node bin/run.js bench/int8.ts [questions per answer]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES } from '../demo/examples.ts';
import { DEMO_CHECKPOINT } from '../demo/demo-package.ts';
import { openLocalModel } from '../demo/local-model.ts';
import type { Pair } from '../demo/world/pairs.ts';
import { heldOutQuestions } from '../demo/world/evaluation/questions.ts';
import { pictureOf } from '../demo/world/render.ts';
import { compileCheckpoint } from '../model/compile/compile.ts';
import { percent, printReport, quantile, table } from './support/format.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

/** Least share of equal answers, and most that accuracy may lose. */
const TARGETS = { agreement: 0.995, accuracy: 0.003 } as const;
/** Concurrent questions to the demo model. */
const AT_ONCE = 16;

interface Answer {
  readonly label: string;
  readonly scores: readonly number[];
}

async function askAll(folder: string, pairs: readonly Pair[]): Promise<Answer[]> {
  const model = await openLocalModel(folder);
  const answers: Answer[] = [];
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

async function compare(folder: string, perAnswer: number): Promise<string> {
  const pairs = heldOutQuestions(1, perAnswer);
  const answers: Record<'fp32' | 'int8', Answer[]> = { fp32: [], int8: [] };
  for (const precision of ['fp32', 'int8'] as const) {
    console.error(`asking the demo model in ${precision}`);
    const target = join(folder, precision);
    await compileCheckpoint(DEMO_CHECKPOINT, target, { precision, examples: EXAMPLES });
    answers[precision] = await askAll(target, pairs);
  }
  const accuracy = (precision: 'fp32' | 'int8'): number =>
    pairs.filter(({ answer }, at) => answers[precision][at]?.label === answer).length / pairs.length;
  const agreement = pairs.filter((_, at) => answers.fp32[at]?.label === answers.int8[at]?.label).length / pairs.length;
  const differences = answers.int8.map(({ scores }, question) =>
    Math.max(...scores.map((value, at) => Math.abs(value - (answers.fp32[question]?.scores[at] ?? NaN)))),
  );
  const loss = accuracy('fp32') - accuracy('int8');
  if (!(agreement >= TARGETS.agreement && loss <= TARGETS.accuracy)) process.exitCode = 1;
  return table(
    ['demo model', 'figure', 'target'],
    [
      ['held-out questions', String(pairs.length), ''],
      ['same answer as fp32', percent(agreement, 2), `at least ${percent(TARGETS.agreement, 2)}`],
      ['accuracy in fp32', percent(accuracy('fp32'), 2), ''],
      ['accuracy in int8', percent(accuracy('int8'), 2), `at most ${percent(TARGETS.accuracy, 2)} less`],
      ['mean difference of probabilities', (differences.reduce((a, b) => a + b, 0) / pairs.length).toFixed(4), ''],
      ['99 % of the differences are below', quantile(differences, 0.99).toFixed(4), ''],
    ],
  );
}

async function main(): Promise<void> {
  const [number = '2000'] = programArguments(1);
  const perAnswer = wholeNumber('questions per answer', number);
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-int8-'));
  try {
    printReport(await compare(folder, perAnswer));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main);
