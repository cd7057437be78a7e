// Measures on held-out questions of the demo model about one thing how often the peak of the heatmap lies on that thing.
// Exits with 1 if it misses its target.
// usage: node bin/run.js bench/heatmap.ts [questions]
import { demoPackage } from '../demo/demo-package.ts';
import type { Claim } from '../demo/world/claims.ts';
import type { Pair } from '../demo/world/pairs.ts';
import { heldOutQuestions } from '../demo/world/evaluation/questions.ts';
import { pictureOf } from '../demo/world/render.ts';
import type { Thing } from '../demo/world/scene.ts';
import { completions, fitsPhrase } from '../demo/world/whole.ts';
import { openModel } from '../service/inference/open-model.ts';
import { peakOf, WINDOWS } from '../service/inference/occlusion.ts';
import { readSettings } from '../service/settings/read.ts';
import { percent, printReport, table } from './support/format.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

/** Target: share of the questions whose peak lies on the thing. */
const LEAST = 0.8;
/** Held-out questions for each answer, of which those about one thing are taken. */
const PER_ANSWER = 700;
/** Half of a heatmap's cell: the peak lies on a thing if its cell and the thing's frame overlap. */
const HALF_CELL = 1 / 16;

/** A question that is about one thing, which can be seen and decides it. */
interface AboutOne extends Pair {
  readonly thing: Thing;
}

/** The claim without its negation. */
const inner = (claim: Claim): Claim => (claim.type === 'not' ? claim.claim : claim);

/** The only thing that a claim is about, if it is about one and a picture decides it. */
function aboutOne(pair: Pair): AboutOne[] {
  const claim = inner(pair.meaning.claim);
  if (pair.premise !== undefined || pair.answer === 'maybe') return [];
  if (claim.type !== 'exists' && claim.type !== 'attribute' && claim.type !== 'zone' && claim.type !== 'count')
    return [];
  const found = completions(pair.scene).map((world) => world.filter((thing) => fitsPhrase(thing, claim.a)));
  const [index] = found[0]?.map((whole) => whole.index) ?? [];
  const isOne = found.every((things) => things.length === 1 && things[0]?.index === index);
  const thing = index === undefined ? undefined : pair.scene.things[index];
  return isOne && thing !== undefined && !thing.hidden ? [{ ...pair, thing }] : [];
}

/** Whether a peak's cell overlaps the thing's frame. */
function liesOn(peak: { x: number; y: number }, { scene, thing }: AboutOne): boolean {
  const radius = thing.radius * Math.sqrt(scene.width * scene.height);
  return (
    Math.abs(peak.x - thing.x) < radius / scene.width + HALF_CELL &&
    Math.abs(peak.y - thing.y) < radius / scene.height + HALF_CELL
  );
}

async function main(): Promise<void> {
  const [number = '200'] = programArguments(1);
  const most = wholeNumber('questions', number);
  const all = heldOutQuestions(1, PER_ANSWER).flatMap(aboutOne);
  const step = Math.max(1, Math.floor(all.length / most));
  const questions = all.filter((_, index) => index % step === 0).slice(0, most);
  const settings = readSettings({ ...process.env, DEVICE: 'cpu', LABELS: '', REQUEST_TIMEOUT_MS: '3600000' });
  const model = await openModel(await demoPackage(), settings);
  try {
    const { signal } = new AbortController();
    const hits = new Map<string, boolean[]>();
    for (const question of questions) {
      const image = await pictureOf(question.scene);
      const work = model.explainer.explain({ image, hypothesis: question.hypothesis, signal });
      const { heatmap } = await model.failFast(work);
      const kind = `${inner(question.meaning.claim).type}, ${question.answer}`;
      hits.set(kind, [...(hits.get(kind) ?? []), liesOn(peakOf(heatmap), question)]);
    }
    const share = (own: readonly boolean[]): number => own.filter(Boolean).length / Math.max(1, own.length);
    const percentOf = (own: readonly boolean[]): string => percent(share(own));
    const every = [...hits.values()].flat();
    printReport(
      `${every.length} questions about one thing, ${WINDOWS} windows each: the peak lies on the thing in ${percentOf(every)}.`,
      table(
        ['claim and right answer', 'questions', 'peak on the thing'],
        [...hits].map(([kind, own]) => [kind, String(own.length), percentOf(own)]),
      ),
    );
    if (share(every) < LEAST) {
      console.error(`not reached: ${100 * LEAST} %`);
      process.exitCode = 1;
    }
  } finally {
    await model.close();
  }
}

await runProgram(main);
