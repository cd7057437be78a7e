import { describe, expect, it } from 'vitest';
import type { ModelPackage } from '../../../model/package/open-package.ts';
import { Batcher } from '../../../service/inference/batching/batcher.ts';
import { DeadlineExceeded, InputError } from '../../../service/inference/errors.ts';
import { PictureCache } from '../../../service/inference/picture-cache.ts';
import { PixelsError } from '../../../model/input/pixels/pixels.ts';
import type { Stage } from '../../../service/inference/observer.ts';
import { BatchingPredictor } from '../../../service/inference/predictor.ts';
import type { PredictItem, PredictOutput, Question } from '../../../service/inference/predictor.ts';

/** What of a package the predictor reads. */
const modelPackage = {
  digest: '0123456789abcdef',
  manifest: {
    name: 'fake',
    precision: 'fp32',
    answers: ['yes', 'no', 'maybe'],
    image: { size: 8 },
    text: { lengths: [12] },
  },
} as unknown as ModelPackage;

/** A picture that is decoded for ever. */
const ENDLESS = 255;

/** A picture is its one byte; 0 cannot be decoded. */
function setup() {
  const kept: number[] = [];
  const freed: number[] = [];
  const pictures = new PictureCache(
    (bytes) => {
      if (bytes[0] === 0) return Promise.reject(new PixelsError('corrupt'));
      return bytes[0] === ENDLESS ? new Promise(() => undefined) : Promise.resolve(bytes);
    },
    { put: (pixels) => kept.push(pixels[0] ?? -1), free: (pixels) => freed.push(pixels[0] ?? -1) },
  );
  const runs: number[][] = [];
  let finish: (() => void)[] = [];
  const batcher = new Batcher<PredictItem, PredictOutput>({
    maxBatch: 2,
    engines: [
      {
        isReady: true,
        whenReady: () => Promise.resolve(),
        run: async (items) => {
          runs.push(items.map(({ inputIds }) => inputIds[0] ?? -1));
          await new Promise<void>((resolve) => finish.push(resolve));
          return items.map(() => {
            return {
              probabilities: Float32Array.of(0.5, 0.25, 0.25),
              logScores: Float32Array.of(-1, -2, -2),
            };
          });
        },
      },
    ],
  });
  const measured: Stage[] = [];
  const predictor = new BatchingPredictor({
    modelPackage,
    encode: (text) => [Number(text)],
    pictures,
    batcher,
    observer: {
      stage: (stage) => measured.push(stage),
      batch: () => undefined,
      answer: () => undefined,
    },
  });
  const finishAll = (): void => {
    for (const end of finish) end();
    finish = [];
  };
  return { predictor, pictures, batcher, runs, finishAll, kept, freed, measured };
}

const question = (picture: number, text: number): Question => {
  return { image: Uint8Array.of(picture), hypotheses: [String(text)] };
};
const context = () => ({ signal: new AbortController().signal });

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

it('keeps a picture while somebody waits for an answer about it', async () => {
  const { predictor, runs, finishAll, kept, freed } = setup();
  const first = predictor.predict({ ...question(1, 10), ...context() });
  await until(() => runs.length === 1);
  const second = predictor.predict({ ...question(1, 11), ...context() });
  await new Promise((resolve) => setImmediate(resolve));
  finishAll();
  await first;
  await until(() => runs.length === 2);
  expect([kept, freed]).toEqual([[1], []]);
  finishAll();
  await second;
  await until(() => freed.length === 1);
  expect([kept, freed]).toEqual([[1], [1]]);
});

describe('a request of several questions', () => {
  it('is answered in their order', async () => {
    const { predictor, runs, finishAll, pictures } = setup();
    const answers = predictor.predictAll([question(1, 10), question(2, 11)], context());
    await until(() => runs.length === 1);
    finishAll();
    expect((await answers).map(({ label }) => label)).toEqual(['yes', 'yes']);
    expect(runs).toEqual([[10, 11]]);
    await until(() => pictures.size === 0);
  });

  it('takes turns with others as one request', async () => {
    const { predictor, runs, finishAll, batcher } = setup();
    const first = predictor.predictAll([question(1, 1)], context());
    await until(() => runs.length === 1);
    const many = predictor.predictAll(
      [10, 11, 12, 13].map((text) => question(text, text)),
      context(),
    );
    await until(() => batcher.waiting === 4);
    const other = predictor.predict({ ...question(2, 20), ...context() });
    await until(() => batcher.waiting === 5);
    const all = Promise.all([first, many, other]);
    for (let run = 1; run <= 4; run++) {
      await until(() => runs.length === run);
      finishAll();
    }
    await all;
    // The other's item is in the next run, not behind all four.
    expect(runs[1]).toEqual([10, 20]);
  });

  it('that cannot all be judged does no more work and keeps nothing', async () => {
    const { predictor, runs, batcher, pictures, kept, freed } = setup();
    const asked = predictor.predictAll([question(0, 1), question(1, 2), question(2, 3)], context());
    await expect(asked).rejects.toThrow(InputError);
    await until(() => pictures.size === 0);
    await until(() => freed.length === kept.length);
    expect([runs.length, batcher.waiting]).toEqual([0, 0]);
  });

  it('leaves the queue when its client leaves', async () => {
    const { predictor, runs, batcher, finishAll } = setup();
    const controller = new AbortController();
    const asked = predictor.predictAll(
      [1, 2, 3].map((text) => question(text, text)),
      { signal: controller.signal },
    );
    await until(() => runs.length === 1);
    controller.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(batcher.waiting).toBe(0);
    finishAll();
  });
});

describe('a request that runs out of time', () => {
  /** Asks about a picture until it is so, and gives what is then known of the request's way, as its log line has it. */
  async function givenUp(
    picture: number,
    isSo: (all: ReturnType<typeof setup>) => boolean,
  ): Promise<string[]> {
    const all = setup();
    const { predictor, measured, runs, finishAll } = all;
    const before = predictor.predict({ ...question(1, 1), ...context() });
    await until(() => runs.length === 1);
    const controller = new AbortController();
    const heard: Stage[] = [];
    const asked = predictor.predict({
      ...question(picture, 2),
      signal: controller.signal,
      observer: { stage: (stage) => heard.push(stage) },
    });
    await until(() => isSo(all));
    controller.abort(new DeadlineExceeded());
    await expect(asked).rejects.toBeInstanceOf(DeadlineExceeded);
    const told = heard.map(({ name, failed }) => `${name}${failed ? ' failed' : ''}`);
    // The metrics hear the same.
    expect(measured).toEqual(expect.arrayContaining(heard));
    finishAll();
    await before;
    finishAll();
    return told;
  }

  it('in the decoder says so', async () => {
    expect(await givenUp(ENDLESS, ({ pictures }) => pictures.size === 2)).toEqual([
      'tokenize',
      'preprocess failed',
    ]);
  });

  it('in the queue says so', async () => {
    expect(await givenUp(2, ({ batcher }) => batcher.waiting === 1)).toEqual([
      'tokenize',
      'preprocess',
      'queue failed',
    ]);
  });

  it('in the engine says so', async () => {
    const inEngine = (all: ReturnType<typeof setup>): boolean => {
      if (all.batcher.waiting === 1) all.finishAll();
      return all.runs.length === 2;
    };
    expect(await givenUp(2, inEngine)).toEqual(['tokenize', 'preprocess', 'queue', 'inference failed']);
  });
});
