import type { ModelPackage } from '../../../model/package/open-package.ts';
import { PixelsError } from '../../../model/input/pixels/pixels.ts';
import type { AnswerCache } from '../../../service/inference/answer-cache.ts';
import { Batcher } from '../../../service/inference/batching/batcher.ts';
import {
  BatchingPredictor,
  type PredictItem,
  type PredictOutput,
  type PredictorParts,
} from '../../../service/inference/batching-predictor.ts';
import { labelsOf } from '../../../service/inference/labels.ts';
import type { Stage } from '../../../service/inference/observer.ts';
import { PictureCache } from '../../../service/inference/picture-cache.ts';
import type { Question } from '../../../service/inference/predictor.ts';

/** The parts of a package that the predictor reads. */
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

/** A picture whose decoding never ends. */
export const ENDLESS = 255;

/** An image file is one byte, and so are its pixels; 0 cannot be decoded. */
export function setup(
  answers?: AnswerCache,
  encode: PredictorParts['encode'] = (text) => ({ ids: [Number(text)], warnings: [] }),
  labels = '',
) {
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
              logScores: Float32Array.of(-1, -2, -3),
            };
          });
        },
      },
    ],
  });
  const measured: Stage[] = [];
  const looked: string[] = [];
  const counted: string[] = [];
  const predictor = new BatchingPredictor({
    modelPackage,
    labels: labelsOf(modelPackage.manifest.answers, labels),
    encode,
    pictures,
    answers,
    batcher,
    observer: {
      stage: (stage) => measured.push(stage),
      batch: () => undefined,
      answer: (answer) => counted.push(answer),
      lookups: (cache, hits, misses) => looked.push(`${cache} ${hits} ${misses}`),
    },
  });
  const finishAll = (): void => {
    for (const end of finish) end();
    finish = [];
  };
  return { predictor, pictures, batcher, runs, finishAll, kept, freed, measured, looked, counted };
}

export const question = (picture: number, text: number): Question => {
  return { image: Uint8Array.of(picture), hypotheses: [String(text)] };
};
export const context = () => ({ signal: new AbortController().signal });

/** Waits until a condition holds. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
