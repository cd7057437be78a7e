import { setMaxListeners } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXAMPLES_FOLDER, readExamples } from '../../model/package/examples.ts';
import { readSettings } from '../../service/settings/read.ts';
import type { Answer } from '../../service/inference/answer.ts';
import { openModel } from '../../service/inference/open-model.ts';
import { table } from '../support/format.ts';
import type { Check, Context, Finding } from './check.ts';
import type { BenchDevice, Subject } from './subjects.ts';

/** Largest allowed difference of a probability in half precision, as in the self-test. */
const TOLERANCE = 2e-2;
const WORST = 5;

/** A picture and a sentence about it. */
interface Question {
  readonly picture: string;
  readonly image: Uint8Array;
  readonly hypothesis: string;
  readonly premise?: string;
}

/** Pictures of the test fixtures: shapes and noise, about 400 pixels wide or high. */
const PICTURES = fileURLToPath(new URL('../../test/fixtures/ofa/mini-none/', import.meta.url));
const SENTENCES = [
  'there are two red circles',
  'a man in a blue shirt is riding a bicycle along the river',
  'nobody is here',
  'The small square, which is left of everything else in the picture, is not green but yellow, as far as one can tell.',
];

/** Whether the fp16 package on the device gives the same answers as the fp32 package on the CPU, end to end. */
export function parityCheck(subject: Subject): Check {
  return {
    name: 'parity',
    subject: subject.name,
    async run(context) {
      const questions = await questionsFor(subject);
      const exact = await answer(subject.fp32, 'cpu', questions, context);
      const half = await answer(subject.fp16, context.device, questions, context);
      return compare(questions, exact, half);
    },
  };
}

/** The package's own examples, and each sentence about each picture of the fixtures. */
async function questionsFor({ fp32, manifest }: Subject): Promise<Question[]> {
  const { examples } = await readExamples(join(fp32, EXAMPLES_FOLDER), manifest.answers);
  const own = await Promise.all(
    examples.map(async ({ image, file, sentences }) => {
      const bytes = await readFile(file);
      return sentences.map(({ hypothesis, premise }) => ({
        picture: image,
        image: bytes,
        hypothesis,
        ...(premise === undefined ? {} : { premise }),
      }));
    }),
  );
  const files = (await readdir(PICTURES)).filter((name) => name.endsWith('.png')).sort();
  const tests = await Promise.all(
    files.map(async (picture) => {
      const image = await readFile(join(PICTURES, picture));
      return SENTENCES.map((hypothesis) => ({ picture, image, hypothesis }));
    }),
  );
  return [...own.flat(), ...tests.flat()];
}

async function answer(
  packageDir: string,
  device: BenchDevice,
  questions: readonly Question[],
  { maxBatch, threads }: Context,
): Promise<Answer[]> {
  const settings = readSettings({
    DEVICE: device,
    ENGINES: '1',
    MAX_BATCH: String(maxBatch),
    ENGINE_THREADS: String(threads),
  });
  const model = await openModel(packageDir, settings);
  try {
    const { signal } = new AbortController();
    // Every question adds a listener.
    setMaxListeners(0, signal);
    const asked = questions.map(async ({ image, hypothesis, premise }) => {
      const request = { image, hypotheses: [hypothesis], premise, signal };
      const [one] = await model.predictor.predict(request);
      if (one === undefined) throw new Error('a question was not answered');
      return one;
    });
    return await model.failFast(Promise.all(asked));
  } finally {
    await model.close();
  }
}

interface Pair {
  readonly question: Question;
  readonly exact: Answer;
  readonly half: Answer;
  readonly difference: number;
}

function compare(questions: readonly Question[], exact: readonly Answer[], half: readonly Answer[]): Finding {
  const pairs = questions.flatMap((question, at): Pair[] => {
    const [one, other] = [exact[at], half[at]];
    if (one === undefined || other === undefined) return [];
    const differences = Object.entries(one.scores).map(([label, score]) =>
      Math.abs(score - (other.scores[label] ?? NaN)),
    );
    return [{ question, exact: one, half: other, difference: Math.max(...differences) }];
  });
  const worst = [...pairs].sort((a, b) => b.difference - a.difference).slice(0, WORST);
  const largest = Math.max(...pairs.map(({ difference }) => difference));
  const changed = pairs.filter((pair) => pair.exact.label !== pair.half.label).length;
  return {
    // Not `>`: NaN must fail as well.
    verdict: largest <= TOLERANCE ? 'passed' : 'failed',
    summary: `${pairs.length} questions: probabilities differ by ${largest.toExponential(1)} at most (${TOLERANCE} allowed), ${changed} labels change.`,
    details: table(
      ['picture', 'sentence', 'fp32 on the CPU', 'fp16 on the device', 'difference'],
      worst.map((pair) => [
        pair.question.picture,
        pair.question.hypothesis,
        `${pair.exact.label} ${pair.exact.confidence.toFixed(4)}`,
        `${pair.half.label} ${pair.half.confidence.toFixed(4)}`,
        pair.difference.toExponential(1),
      ]),
    ),
    data: { questions: pairs.length, largest, changed },
  };
}
