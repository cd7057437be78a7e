import { expect, it } from 'vitest';
import { PictureStore } from '../../../../service/engine/session/picture-store.ts';
import type { EngineBatch } from '../../../../service/engine/protocol.ts';
import { batchEngine } from '../../../../service/inference/batching/batch-engine.ts';
import type { PredictItem } from '../../../../service/inference/predictor.ts';

const item = (pixels: Uint8Array, token: number): PredictItem => {
  return { pixels, pictureKey: '', inputIds: [token], observer: undefined };
};

it('sends a picture once, as an offset if it is in the store', async () => {
  const store = PictureStore.open(4, 1);
  const [kept, loose] = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)];
  store?.put(kept);
  const sent: EngineBatch[] = [];
  const engine = batchEngine(
    {
      isReady: true,
      whenReady: () => Promise.resolve(),
      run: (batch) => {
        sent.push(batch);
        return Promise.resolve({ probabilities: new Float32Array(9), logScores: new Float32Array(9) });
      },
    },
    3,
    store,
  );
  const outputs = await engine.run([item(kept, 1), item(loose, 2), item(kept, 3)], 12);
  store?.close();
  expect(outputs).toHaveLength(3);
  expect(sent[0]?.images).toEqual([{ offset: 0 }, loose]);
  expect(sent[0]?.items.map(({ image }) => image)).toEqual([0, 1, 0]);
});
