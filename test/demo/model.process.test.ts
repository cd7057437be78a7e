import { readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalModel, type LocalModel } from '../../demo/local-model.ts';
import { readExamples } from '../../demo/examples.ts';
import { DEMO_CHECKPOINT, demoPackage } from '../../demo/demo-package.ts';
import { heldOutQuestions } from '../../demo/world/evaluation/questions.ts';
import { pictureOf } from '../../demo/world/render.ts';
import { sceneOf } from '../../demo/world/scene.ts';
import { emptyScene } from '../../demo/world/strange.ts';
import type { Answer } from '../../service/inference/answer.ts';
import { readImageFile } from '../../cli/image-file.ts';
import { PHRASINGS } from '../../demo/world/evaluation/handwritten.ts';
import { FIRST_SEED } from '../../demo/world/evaluation/phrasings.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

/** Megabytes that the checkpoint may take in the repository. */
const MOST_MB = 8;

let folder: string;
let model: LocalModel;

beforeAll(async () => {
  folder = tempFolder();
  model = await openLocalModel(await demoPackage(path.join(folder, 'package')));
});

afterAll(async () => {
  await model.close();
});

/** A question whose answer is known. */
interface Question {
  readonly picture: Uint8Array;
  readonly hypothesis: string;
  readonly premise?: string | undefined;
  readonly answer: string;
}

/** As many questions as are asked at once: several batches, so that the engine never waits for a picture. */
const AT_ONCE = 32;

/** The answers to all questions, in their order. */
async function askAll(questions: readonly Omit<Question, 'answer'>[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < questions.length; at += AT_ONCE) {
    const some = questions.slice(at, at + AT_ONCE);
    answers.push(
      ...(await Promise.all(some.map(({ picture, hypothesis, premise }) => model.ask(picture, hypothesis, premise)))),
    );
  }
  return answers;
}

/** A line for each question that is answered wrong. */
async function mistakes(questions: readonly Question[]): Promise<string[]> {
  const answers = await askAll(questions);
  return questions.flatMap(({ hypothesis, answer }, at) => {
    const label = answers[at]?.label ?? 'nothing';
    return label === answer ? [] : [`${hypothesis}: ${label}, not ${answer}`];
  });
}

/** Questions about pictures of the held-out scenes. */
async function heldOut(count: number): Promise<Question[]> {
  return Promise.all(
    heldOutQuestions(9, count).map(async ({ scene, ...question }) => ({
      ...question,
      picture: await pictureOf(scene),
    })),
  );
}

async function averageConfidence(questions: readonly Omit<Question, 'answer'>[]): Promise<number> {
  const answers = await askAll(questions);
  return answers.reduce((sum, { confidence }) => sum + confidence, 0) / answers.length;
}

describe('the demo model', () => {
  it('is small enough to ship', async () => {
    const files = await readdir(DEMO_CHECKPOINT);
    const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(DEMO_CHECKPOINT, file))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_MB * 1e6);
  });

  it('is compiled once, and again only when something changed', async () => {
    // A folder of its own: the engine may still be reading the other one.
    const target = path.join(folder, 'compiled-again');
    await demoPackage(target);
    const before = (await stat(path.join(target, 'manifest.json'))).mtimeMs;
    await demoPackage(target);
    expect((await stat(path.join(target, 'manifest.json'))).mtimeMs).toBe(before);
    await truncate(path.join(target, 'tokenizer.json'), 10);
    await demoPackage(target);
    expect((await stat(path.join(target, 'tokenizer.json'))).size).toBeGreaterThan(10);
  });

  it('answers questions about pictures that it never saw', async () => {
    const questions = await heldOut(120);
    expect(questions).toHaveLength(360);
    const wrong = await mistakes(questions);
    expect(wrong.length / questions.length, wrong.join('\n')).toBeLessThan(0.05);
  });

  it('understands sentences that no grammar made', async () => {
    const pictures = Object.entries(PHRASINGS).map(async ([number, sentences]) => {
      const picture = await pictureOf(sceneOf(FIRST_SEED + Number(number), 'held-out'));
      return sentences.map(([hypothesis, answer]) => ({ picture, hypothesis, answer }));
    });
    const questions = (await Promise.all(pictures)).flat();
    expect(questions.length).toBeGreaterThanOrEqual(150);
    const wrong = await mistakes(questions);
    expect(1 - wrong.length / questions.length, wrong.join('\n')).toBeGreaterThanOrEqual(0.85);
  });

  it('answers nine in ten of its examples', async () => {
    const examples = (await readExamples()).map(async ({ file, sentences }) => {
      const picture = await readImageFile(file);
      return sentences.map((sentence) => ({ ...sentence, picture }));
    });
    const questions = (await Promise.all(examples)).flat();
    const wrong = await mistakes(questions);
    expect(1 - wrong.length / questions.length, wrong.join('\n')).toBeGreaterThanOrEqual(0.9);
  });

  describe('asked about what is not from its world', () => {
    let ownWorld: Question[];
    /** Average confidence of the answers to questions about the model's own world. */
    let known: number;

    beforeAll(async () => {
      ownWorld = await heldOut(8);
      known = await averageConfidence(ownWorld);
    });

    /** The sentences about its own world, asked about each of these pictures. */
    const about = (pictures: readonly Uint8Array[]): Promise<number> =>
      averageConfidence(
        pictures.flatMap((picture) =>
          ownWorld.filter(({ premise }) => premise === undefined).map(({ hypothesis }) => ({ picture, hypothesis })),
        ),
      );

    it('is much less sure of a photograph', async () => {
      const photographs = ['astronaut', 'chelsea', 'coffee'].map((name) =>
        readImageFile(fileURLToPath(new URL(`../fixtures/photos/${name}.jpg`, import.meta.url))),
      );
      expect(await about(await Promise.all(photographs))).toBeLessThan(known - 0.3);
    });

    it('is much less sure of a scene with nothing in it', async () => {
      const empty = [1, 2, 3, 4].map((at) => emptyScene(700_000 + at));
      expect(await about(await Promise.all(empty))).toBeLessThan(known - 0.3);
    });

    it('is much less sure of another language, and of what claims nothing', async () => {
      const found = await averageConfidence(
        ownWorld.slice(0, 6).flatMap(({ picture }) => FOREIGN.map((hypothesis) => ({ picture, hypothesis }))),
      );
      expect(found).toBeLessThan(known - 0.3);
    });

    it('says no to other subjects, or is unsure', async () => {
      const answers = await askAll(
        ownWorld.slice(0, 6).flatMap(({ picture }) => ELSEWHERE.map((hypothesis) => ({ picture, hypothesis }))),
      );
      const misled = answers.filter(({ label, confidence }) => label !== 'no' && confidence >= 0.5);
      expect(misled.length / answers.length).toBeLessThan(0.1);
    });
  });
});

/** Written for this test; training had other sentences of other subjects and in other languages. */
const FOREIGN = [
  'Es gibt genau zwei blaue Sterne im Bild.',
  'Le carré est plus grand que le triangle.',
  'El corazón está encima del círculo rojo.',
  'Non ci sono croci verdi.',
  'W obrazie jest czerwony kwadrat.',
  'På bilden finns en gul triangel.',
  '图片里有一个蓝色的正方形。',
  'Там два зелёных треугольника.',
  'How many squares are there?',
  'Which colour has the largest of the stars?',
  'Please paint the circle yellow.',
  'Good morning, nice to meet you!',
];

/** Written for this test: claims that something is there which no picture of this world shows. */
const ELSEWHERE = [
  'A surfer is riding a tall wave.',
  'Two firefighters carry a ladder across the street.',
  'There is a dog.',
  'I can see the moon.',
  'There are three bananas in the picture.',
  'a letter A',
  'The picture shows a hexagon.',
  'One of the shapes is white.',
];
