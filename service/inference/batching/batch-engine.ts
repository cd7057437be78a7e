import type { EngineSupervisor } from '../../engine/process/supervisor.ts';
import type { PictureStore } from '../../engine/session/picture-store.ts';
import type { EngineBatch } from '../../engine/protocol.ts';
import type { BatchEngine } from './batcher.ts';
import type { InferenceObserver } from '../observer.ts';
import type { PredictItem, PredictOutput } from '../batching-predictor.ts';

/**
 * Adapts an engine's supervisor to what the batcher calls: turns the items of a batch into the engine's message, in
 * which items that share a picture share one image, and the output tensors into one row per item. Reports each run to
 * the observer. One is made for each engine of the pool when a model is opened; only the batcher calls it.
 *
 * @param answers number of answers that the model scores
 * @param pictures shared memory in which the engine finds the pictures; undefined to send their pixels
 */
export function batchEngine(
  supervisor: Pick<EngineSupervisor, 'isReady' | 'whenReady' | 'run'>,
  answers: number,
  pictures: PictureStore | undefined,
  observer?: InferenceObserver,
): BatchEngine<PredictItem, PredictOutput> {
  return {
    get isReady() {
      return supervisor.isReady;
    },
    whenReady: () => supervisor.whenReady(),
    run: async (items, length) => {
      const { batch, giveBack } = toEngineBatch(items, length, pictures);
      const startMs = performance.now();
      const report = (failed: boolean): void => {
        const requests = items.flatMap((item) => item.observer ?? []);
        observer?.batch({
          startMs,
          endMs: performance.now(),
          items: items.length,
          pictures: batch.images.length,
          length,
          failed,
          requests: [...new Set(requests)],
        });
      };
      try {
        const output = await supervisor.run(batch);
        report(false);
        const { reusedImages } = output;
        const named = batch.keys?.filter((key) => key !== undefined).length ?? 0;
        if (reusedImages !== undefined) observer?.lookups('features', reusedImages, named - reusedImages);
        return items.map((_, row) => ({
          probabilities: output.probabilities.subarray(row * answers, (row + 1) * answers),
          logScores: output.logScores.subarray(row * answers, (row + 1) * answers),
        }));
      } catch (error) {
        report(true);
        throw error;
      } finally {
        giveBack();
      }
    },
  };
}

/**
 * Items with the same array of pixels share one image, which is sent to the engine once.
 *
 * @returns `giveBack` to call when the run has ended
 */
function toEngineBatch(
  items: readonly PredictItem[],
  length: number,
  pictures: PictureStore | undefined,
): { batch: EngineBatch; giveBack: () => void } {
  const indices = new Map<Uint8Array, number>();
  const keys: (string | undefined)[] = [];
  const batchItems = items.map(({ pixels, pictureKey, inputIds }) => {
    const image = indices.get(pixels) ?? indices.size;
    indices.set(pixels, image);
    keys[image] = pictureKey;
    return { image, inputIds };
  });
  const images = [...indices.keys()].map((pixels) => pictures?.lend(pixels) ?? pixels);
  return {
    batch: { images, keys, items: batchItems, length },
    giveBack: () => {
      for (const pixels of indices.keys()) pictures?.giveBack(pixels);
    },
  };
}
