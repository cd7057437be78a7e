// Measures the demo model's accuracy on 6,000 held-out questions, through the compiled package, the exact pixels and the
// service's predictor. Exits with 1 if it misses its targets. --wrong lists the questions that were answered wrong.
// usage: node bin/run.js bench/demo-accuracy.ts [questions per answer] [--wrong]
import { openLocalModel, type LocalModel } from '../demo/local-model.ts';
import { demoPackage } from '../demo/demo-package.ts';
import { TextOnly } from '../demo/training/text-only.ts';
import { ANSWERS } from '../demo/answers.ts';
import { KINDS } from '../demo/world/claims.ts';
import type { Pair } from '../demo/world/pairs.ts';
import { heldOutQuestions } from '../demo/world/questions.ts';
import { pictureOf } from '../demo/world/render.ts';
import type { Scene } from '../demo/world/scene.ts';
import { printReport, table } from './support/format.ts';

const perAnswer = Number(process.argv[2] ?? 2000);
/** Concurrent questions. */
const AT_ONCE = 16;
const BINS = 15;
/** Targets: accuracy on all questions and on each kind, and calibration error. */
const LEAST = { overall: 0.98, kind: 0.95, calibrationError: 0.03 } as const;
/** Seed of the questions from which the text-only reader learns. */
const LEARNING_SEED = 5;

interface Result extends Pair {
  readonly found: string;
  readonly confidence: number;
}

async function answerAll(model: LocalModel, pairs: readonly Pair[]): Promise<Result[]> {
  const pictures = new Map<Scene, Promise<Uint8Array>>();
  const results: Result[] = [];
  const queue = [...pairs].sort((a, b) => a.scene.seed - b.scene.seed).values();
  const work = async (): Promise<void> => {
    for (const pair of queue) {
      const picture = pictures.get(pair.scene) ?? pictureOf(pair.scene);
      pictures.set(pair.scene, picture);
      const { label, confidence } = await model.ask(await picture, pair.hypothesis, pair.premise);
      results.push({ ...pair, found: label, confidence });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

const accuracy = (results: readonly Result[]): number =>
  results.filter(({ found, answer }) => found === answer).length / Math.max(1, results.length);

/** Expected calibration error: the mean difference of confidence and accuracy over bins, weighted by their size. */
function calibrationError(results: readonly Result[]): number {
  let error = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const inside = results.filter(({ confidence }) => Math.min(BINS - 1, Math.floor(confidence * BINS)) === bin);
    const confidence = inside.reduce((sum, result) => sum + result.confidence, 0);
    error += Math.abs(confidence - accuracy(inside) * inside.length);
  }
  return error / results.length;
}

/** Share of the questions of each kind that can be answered from the text alone. */
function textOnly(questions: readonly Pair[], learning: readonly Pair[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const kind of KINDS) {
    const reader = new TextOnly();
    const textOf = (pair: Pair): string => `${pair.premise ?? ''} ${pair.hypothesis}`;
    for (const pair of learning) if (pair.kind === kind) reader.learn(textOf(pair), pair.answer);
    const asked = questions.filter((pair) => pair.kind === kind);
    shares.set(kind, asked.filter((pair) => reader.guess(textOf(pair)) === pair.answer).length / asked.length);
  }
  return shares;
}

/** The targets that are missed. */
function shortfalls(results: readonly Result[]): string[] {
  const kinds = KINDS.filter((kind) => accuracy(results.filter((result) => result.kind === kind)) < LEAST.kind);
  return [
    ...(results.length < ANSWERS.length * perAnswer ? [`only ${results.length} questions could be drawn`] : []),
    ...(accuracy(results) < LEAST.overall ? [`fewer than ${percent(LEAST.overall)} are right`] : []),
    ...kinds.map((kind) => `of kind ${kind} fewer than ${percent(LEAST.kind)} are right`),
    ...(calibrationError(results) > LEAST.calibrationError
      ? [`the calibration error is over ${LEAST.calibrationError}`]
      : []),
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function print(results: readonly Result[], blind: Map<string, number>): void {
  const kinds = KINDS.map((kind) => {
    const own = results.filter((result) => result.kind === kind);
    const byAnswer = ANSWERS.map((answer) => {
      const such = own.filter((result) => result.answer === answer);
      return such.length === 0 ? '-' : percent(accuracy(such));
    });
    return [kind, percent(accuracy(own)), ...byAnswer, percent(blind.get(kind) ?? 0)];
  });
  const confusion = ANSWERS.map((answer) => [
    answer,
    ...ANSWERS.map((found) => String(results.filter((one) => one.answer === answer && one.found === found).length)),
  ]);
  printReport(
    `${results.length} questions: accuracy ${percent(accuracy(results))}, ` +
      `expected calibration error ${calibrationError(results).toFixed(4)}.`,
    table(['kind', 'accuracy', ...ANSWERS, 'from the words alone'], kinds),
    table(['right answer', ...ANSWERS.map((answer) => `answered ${answer}`)], confusion),
  );
}

const questions = heldOutQuestions(1, perAnswer);
const blind = textOnly(questions, heldOutQuestions(LEARNING_SEED, perAnswer));
const model = await openLocalModel(await demoPackage());
try {
  const results = await answerAll(model, questions);
  print(results, blind);
  for (const shortfall of shortfalls(results)) {
    console.error(`not reached: ${shortfall}`);
    process.exitCode = 1;
  }
  if (process.argv.includes('--wrong')) {
    for (const { kind, found, answer, premise, hypothesis, scene, confidence } of results) {
      if (found === answer) continue;
      console.log(
        `${kind}: ${answer}, not ${found} (${confidence.toFixed(2)}) ${scene.seed}: ${premise ?? ''} | ${hypothesis}`,
      );
    }
  }
} finally {
  await model.close();
}
