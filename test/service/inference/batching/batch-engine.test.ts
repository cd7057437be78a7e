import { expect, it } from 'vitest';
import { copyPicture, PictureStore } from '../../../../service/engine/session/picture-store.ts';
import type { EngineBatch } from '../../../../service/engine/protocol.ts';
import { batchEngine } from '../../../../service/inference/batching/batch-engine.ts';
import type { PredictItem } from '../../../../service/inference/batching-predictor.ts';

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

it('counts lookups in the features only where the engine keeps them', async () => {
  const lookups: unknown[] = [];
  const output = { probabilities: new Float32Array(6), logScores: new Float32Array(6) };
  const outputs = [output, { ...output, reusedImages: 1 }];
  const engine = batchEngine(
    {
      isReady: true,
      whenReady: () => Promise.resolve(),
      run: () => Promise.resolve(outputs.shift() ?? output),
    },
    3,
    undefined,
    {
      stage: () => undefined,
      batch: () => undefined,
      answer: () => undefined,
      lookups: (...counted) => lookups.push(counted),
    },
  );
  for (let run = 0; run < 2; run++) await engine.run([item(Uint8Array.of(1), 1), item(Uint8Array.of(2), 2)], 12);
  expect(lookups).toEqual([['features', 1, 1]]);
});

it.each([{ fails: false }, { fails: true }])(
  'lets no other picture take the place of one in a run whose request has left (fails: $fails)',
  async ({ fails }) => {
    const store = PictureStore.open(4, 1);
    if (store === undefined) throw new Error('no store');
    const [left, next, last] = [Uint8Array.of(1, 1, 1, 1), Uint8Array.of(2, 2, 2, 2), Uint8Array.of(3, 3, 3, 3)];
    store.put(left);
    const read = new Uint8Array(4);
    const engine = batchEngine(
      {
        isReady: true,
        whenReady: () => Promise.resolve(),
        run: async ({ images: [image] }) => {
          // The engine reads the picture some time after the run was sent.
          store.free(left);
          await Promise.resolve();
          store.put(next);
          copyPicture(image ?? read, read, store.fd);
          if (fails) throw new Error('crash');
          return { probabilities: new Float32Array(3), logScores: new Float32Array(3) };
        },
      },
      3,
      store,
    );
    await engine.run([item(left, 1)], 12).catch(() => undefined);
    expect(read).toEqual(left);
    expect(store.lend(next)).toBe(next);
    store.put(last);
    expect(store.lend(last)).toEqual({ offset: 0 });
    store.close();
  },
);
