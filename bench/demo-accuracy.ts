// Measures the demo model on 6,000 held-out questions and on sets of other sentences that training never saw, through
// the compiled package, the exact pixels and the service's predictor. Exits with 1 if it misses its targets. --wrong
// lists what was answered wrong.
// usage: node bin/run.js bench/demo-accuracy.ts [questions per answer] [--wrong]
import { parseArgs } from 'node:util';
import { openLocalModel, type LocalModel } from '../demo/local-model.ts';
import { demoPackage } from '../demo/demo-package.ts';
import { TextOnly } from '../demo/training/text-only.ts';
import { ANSWERS } from '../demo/answers.ts';
import { KINDS } from '../demo/world/claims.ts';
import type { Pair } from '../demo/world/pairs.ts';
import { ELABORATE } from '../demo/world/evaluation/elaborate.ts';
import { LATER } from '../demo/world/evaluation/later.ts';
import { FIRST_SEED, type Phrasings } from '../demo/world/evaluation/phrasings.ts';
import { PLAIN } from '../demo/world/evaluation/plain.ts';
import { heldOutQuestions } from '../demo/world/evaluation/questions.ts';
import {
  askedAndStated,
  longQuestions,
  noClaims,
  outsideQuestions,
  zeroQuestions,
} from '../demo/world/evaluation/sets.ts';
import { pictureOf } from '../demo/world/render.ts';
import { sceneOf, type Scene } from '../demo/world/scene.ts';
import { percent, printReport, table } from './support/format.ts';
import { refuseSurplus, runProgram, wholeNumber } from './support/run-program.ts';

/** Concurrent questions. */
const AT_ONCE = 16;
const BINS = 15;
/** Sizes of the other sets. */
const SIZES = { outside: 1500, zero: 400, long: 600, asked: 500 } as const;
/** Below this confidence an answer counts as unsure, and from the other on as confident. */
const UNSURE = 0.5;
const CONFIDENT = 0.8;
/** Least shares of right answers. */
const LEAST = {
  overall: 0.98,
  kind: 0.95,
  'right or unsure': 0.95,
  zero: 0.98,
  long: 0.9,
  handwritten: 0.91,
} as const;
/** Most wrong answers that are confidently yes, and the greatest calibration error, out-of-world words included. */
const MOST = { 'confidently yes': 0.01, calibrationError: 0.02 } as const;
/** Seed of the questions from which the text-only reader learns. */
const LEARNING_SEED = 5;

/** A sentence about a scene, with its answer if it claims anything. */
interface Question {
  readonly scene: Scene;
  readonly premise?: string;
  readonly hypothesis: string;
  readonly answer?: string;
}

type Answered<T extends Question> = T & { readonly found: string; readonly confidence: number };
type Result = Answered<Pair>;

async function answerAll<T extends Question>(model: LocalModel, questions: readonly T[]): Promise<Answered<T>[]> {
  const pictures = new Map<Scene, Promise<Uint8Array>>();
  const results: Answered<T>[] = [];
  const queue = [...questions.entries()].sort(([, a], [, b]) => a.scene.seed - b.scene.seed).values();
  const work = async (): Promise<void> => {
    for (const [at, question] of queue) {
      const picture = pictures.get(question.scene) ?? pictureOf(question.scene);
      pictures.set(question.scene, picture);
      const { label, confidence } = await model.ask(await picture, question.hypothesis, question.premise);
      results[at] = { ...question, found: label, confidence };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

const share = <T>(all: readonly T[], is: (one: T) => boolean): number =>
  all.filter(is).length / Math.max(1, all.length);

const isRight = ({ found, answer }: Answered<Question>): boolean => found === answer;

const accuracy = (results: readonly Answered<Question>[]): number => share(results, isRight);

/** Expected calibration error: the mean difference of confidence and accuracy over bins, weighted by their size. */
function calibrationError(results: readonly Answered<Question>[]): number {
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

/** A figure of one of the sets, and whether it reaches its target, if it has one. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly least?: number;
  readonly most?: number;
}

/** The sentences written by hand, as questions. */
const byHand = (phrasings: Phrasings): Question[] =>
  Object.entries(phrasings).flatMap(([number, sentences]) => {
    const scene = sceneOf(FIRST_SEED + Number(number), 'held-out');
    return sentences.map(([hypothesis, answer]) => ({ scene, hypothesis, answer }));
  });

interface Sets {
  readonly main: readonly Result[];
  readonly outside: readonly Result[];
  readonly zero: readonly Result[];
  readonly long: readonly Result[];
  readonly asked: readonly Result[];
  readonly stated: readonly Result[];
  readonly claimless: readonly Answered<Question>[];
  readonly handwritten: Readonly<Record<'plain' | 'elaborate' | 'later', readonly Answered<Question>[]>>;
}

async function ask(model: LocalModel, questions: readonly Pair[]): Promise<Sets> {
  const pairs = askedAndStated(SIZES.asked);
  return {
    main: await answerAll(model, questions),
    outside: await answerAll(model, outsideQuestions(SIZES.outside)),
    zero: await answerAll(model, zeroQuestions(SIZES.zero)),
    long: await answerAll(model, longQuestions(SIZES.long)),
    asked: await answerAll(
      model,
      pairs.map(([asked]) => asked),
    ),
    stated: await answerAll(
      model,
      pairs.map(([, stated]) => stated),
    ),
    claimless: await answerAll<Question>(model, noClaims()),
    handwritten: {
      plain: await answerAll(model, byHand(PLAIN)),
      elaborate: await answerAll(model, byHand(ELABORATE)),
      later: await answerAll(model, byHand(LATER)),
    },
  };
}

function figuresOf(sets: Sets): Figure[] {
  const { main, outside, zero, long, asked, stated, claimless, handwritten } = sets;
  const [plain, elaborate, later] = [handwritten.plain, handwritten.elaborate, handwritten.later];
  const agreeing = asked.filter(({ found }, at) => found === stated[at]?.found).length / asked.length;
  const isMisled = (one: Result): boolean => one.found === 'yes' && !isRight(one) && one.confidence >= CONFIDENT;
  return [
    { name: `${main.length} questions`, value: accuracy(main), least: LEAST.overall },
    ...KINDS.map((kind) => ({
      name: `of kind ${kind}`,
      value: accuracy(main.filter((result) => result.kind === kind)),
      least: LEAST.kind,
    })),
    {
      name: `${outside.length} with words from outside the world: right, or unsure`,
      value: share(outside, (one) => isRight(one) || one.confidence < UNSURE),
      least: LEAST['right or unsure'],
    },
    { name: 'of these: right', value: accuracy(outside) },
    { name: 'of these: wrong and confidently yes', value: share(outside, isMisled), most: MOST['confidently yes'] },
    { name: `${zero.length} counts of zero`, value: accuracy(zero), least: LEAST.zero },
    { name: `${long.length} sentences of 15 to 40 words`, value: accuracy(long), least: LEAST.long },
    { name: `${asked.length} yes/no questions`, value: accuracy(asked) },
    { name: 'the same as statements', value: accuracy(stated) },
    { name: 'of both: answered alike', value: agreeing },
    {
      name: `${claimless.length} texts without a claim: unsure`,
      value: share(claimless, ({ confidence }) => confidence < UNSURE),
    },
    {
      name: `${plain.length + elaborate.length + later.length} handwritten sentences`,
      value: accuracy([...plain, ...elaborate, ...later]),
      least: LEAST.handwritten,
    },
    { name: 'of these: plain', value: accuracy(plain) },
    { name: 'of these: elaborate', value: accuracy(elaborate) },
    { name: 'of these: written after the grammar', value: accuracy(later) },
  ];
}

/** The targets that are missed. */
function shortfalls(figures: readonly Figure[], error: number): string[] {
  return [
    ...figures.flatMap(({ name, value, least = 0, most = 1 }) => {
      if (value < least) return [`${name}: fewer than ${percent(least)}`];
      return value > most ? [`${name}: more than ${percent(most)}`] : [];
    }),
    ...(error > MOST.calibrationError ? [`the calibration error is over ${MOST.calibrationError}`] : []),
  ];
}

function print({ main, outside }: Sets, figures: readonly Figure[], blind: Map<string, number>): void {
  const kinds = KINDS.map((kind) => {
    const own = main.filter((result) => result.kind === kind);
    const byAnswer = ANSWERS.map((answer) => {
      const such = own.filter((result) => result.answer === answer);
      return such.length === 0 ? '-' : percent(accuracy(such));
    });
    return [kind, percent(accuracy(own)), ...byAnswer, percent(blind.get(kind) ?? 0)];
  });
  const confusion = ANSWERS.map((answer) => [
    answer,
    ...ANSWERS.map((found) => String(main.filter((one) => one.answer === answer && one.found === found).length)),
  ]);
  const sets = figures
    .filter(({ name }) => !name.startsWith('of kind'))
    .map(({ name, value, least, most }) => [
      name,
      percent(value),
      least === undefined ? (most === undefined ? '' : `at most ${percent(most)}`) : `at least ${percent(least)}`,
    ]);
  printReport(
    `${main.length} questions: accuracy ${percent(accuracy(main))}, ` +
      `expected calibration error ${calibrationError(main).toFixed(4)}, ` +
      `with those from outside the world ${calibrationError([...main, ...outside]).toFixed(4)}.`,
    table(['sentences', 'share', 'target'], sets),
    table(['kind', 'accuracy', ...ANSWERS, 'from the words alone'], kinds),
    table(['right answer', ...ANSWERS.map((answer) => `answered ${answer}`)], confusion),
  );
}

function printWrong(sets: Sets): void {
  const { handwritten, claimless, ...others } = sets;
  for (const [name, results] of Object.entries({ ...others, ...handwritten })) {
    for (const one of results as readonly Answered<Question>[]) {
      const { found, answer, premise, hypothesis, scene, confidence } = one;
      if (isRight(one)) continue;
      console.log(
        `${name}: ${answer}, not ${found} (${confidence.toFixed(2)}) ${scene.seed}: ${premise ?? ''} | ${hypothesis}`,
      );
    }
  }
  for (const { found, hypothesis, confidence } of claimless) {
    if (confidence >= UNSURE) console.log(`no claim: ${found} (${confidence.toFixed(2)}) | ${hypothesis}`);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { wrong: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  refuseSurplus(positionals, 1);
  const [number = '2000'] = positionals;
  const perAnswer = wholeNumber('questions per answer', number);
  const questions = heldOutQuestions(1, perAnswer);
  const blind = textOnly(questions, heldOutQuestions(LEARNING_SEED, perAnswer));
  const model = await openLocalModel(await demoPackage());
  try {
    const sets = await ask(model, questions);
    const figures = figuresOf(sets);
    print(sets, figures, blind);
    const missed = shortfalls(figures, calibrationError([...sets.main, ...sets.outside]));
    if (questions.length < ANSWERS.length * perAnswer) missed.push(`only ${questions.length} questions could be drawn`);
    for (const shortfall of missed) {
      console.error(`not reached: ${shortfall}`);
      process.exitCode = 1;
    }
    if (values.wrong) printWrong(sets);
  } finally {
    await model.close();
  }
}

await runProgram(main);
