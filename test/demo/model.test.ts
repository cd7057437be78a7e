import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAsking, type Asking } from '../../model/demo/ask.ts';
import { readExamples } from '../../model/demo/examples.ts';
import { DEMO_CHECKPOINT, demoPackage } from '../../model/demo/package.ts';
import { seeded } from '../../model/demo/world/random.ts';
import { heldOutQuestions } from '../../model/demo/world/questions.ts';
import { pictureOf } from '../../model/demo/world/render.ts';
import { sceneOf } from '../../model/demo/world/scene.ts';
import { strangePicture, strangeSentence } from '../../model/demo/world/strange.ts';
import { readImageFile } from '../../cli/image-file.ts';
import { FIRST_SEED, PHRASINGS } from './phrasings.ts';

/** Megabytes that the checkpoint may take in the repository. */
const MOST_MB = 8;

let folder: string;
let asking: Asking;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'demo-'));
  asking = await openAsking(await demoPackage(path.join(folder, 'package')));
});

afterAll(async () => {
  await asking.close();
  await rm(folder, { recursive: true });
});

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('the demo model', () => {
  it('is small enough to ship', async () => {
    const files = await readdir(DEMO_CHECKPOINT);
    const sizes = await Promise.all(
      files.map(async (file) => (await stat(path.join(DEMO_CHECKPOINT, file))).size),
    );
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
    const questions = heldOutQuestions(9, 120);
    const wrong: string[] = [];
    for (const { scene, premise, hypothesis, answer } of questions) {
      const found = await asking.ask(await pictureOf(scene), hypothesis, premise);
      if (found.label !== answer) wrong.push(`${hypothesis}: ${found.label}, not ${answer}`);
    }
    expect(questions).toHaveLength(360);
    expect(wrong.length / questions.length, wrong.join('\n')).toBeLessThan(0.05);
  });

  it('understands sentences that no grammar made', async () => {
    const wrong: string[] = [];
    let asked = 0;
    for (const [picture, sentences] of Object.entries(PHRASINGS)) {
      const image = await pictureOf(sceneOf(FIRST_SEED + Number(picture), 'held-out'));
      for (const [hypothesis, answer] of sentences) {
        asked++;
        const found = await asking.ask(image, hypothesis);
        if (found.label !== answer) wrong.push(`${picture}: ${hypothesis}: ${found.label}, not ${answer}`);
      }
    }
    expect(asked).toBeGreaterThanOrEqual(150);
    expect(1 - wrong.length / asked, wrong.join('\n')).toBeGreaterThanOrEqual(0.85);
  });

  it('answers nine in ten of its examples', async () => {
    const wrong: string[] = [];
    let asked = 0;
    for (const { file, sentences } of await readExamples()) {
      const image = await readImageFile(file);
      for (const { premise, hypothesis, answer } of sentences) {
        asked++;
        const found = await asking.ask(image, hypothesis, premise);
        if (found.label !== answer) wrong.push(`${file}: ${hypothesis}: ${found.label}, not ${answer}`);
      }
    }
    expect(1 - wrong.length / asked, wrong.join('\n')).toBeGreaterThanOrEqual(0.9);
  });

  it('is less sure of what is not from its world', async () => {
    const random = seeded(4);
    const questions = heldOutQuestions(9, 20);
    const known: number[] = [];
    const strange: number[] = [];
    for (const [index, { scene, premise, hypothesis }] of questions.entries()) {
      const picture = await pictureOf(scene);
      known.push((await asking.ask(picture, hypothesis, premise)).confidence);
      strange.push((await asking.ask(picture, strangeSentence(random))).confidence);
      strange.push((await asking.ask(await strangePicture(500_000 + index), hypothesis, premise)).confidence);
    }
    expect(average(strange)).toBeLessThan(average(known) - 0.2);
  });
});
