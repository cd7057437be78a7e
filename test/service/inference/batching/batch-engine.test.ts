import { expect, it } from 'vitest';
import { copyPicture, PictureStore } from '../../../../service/engine/session/picture-store.ts';
import type { EngineBatch, EngineOutput } from '../../../../service/engine/protocol.ts';
import { batchEngine } from '../../../../service/inference/batching/batch-engine.ts';
import type { PredictItem } from '../../../../service/inference/batching-predictor.ts';
import type { BatchRecord } from '../../../../service/inference/observer.ts';

const item = (pixels: Uint8Array, token: number, more: Partial<PredictItem> = {}): PredictItem => {
  return { pixels, pictureKey: '', inputIds: [token], observer: undefined, ...more };
};

const nothing = (): void => undefined;
const ROW = new Float32Array(3);

/** An engine for a model with three answers, and what it reports. */
function engineThat(run: (batch: EngineBatch) => Promise<EngineOutput>, store?: PictureStore) {
  const batches: BatchRecord[] = [];
  const lookups: unknown[] = [];
  const supervisor = { isReady: true, whenReady: () => Promise.resolve(), run };
  const engine = batchEngine(supervisor, 3, store, {
    stage: nothing,
    batch: (record) => batches.push(record),
    answer: nothing,
    lookups: (...counted) => lookups.push(counted),
  });
  return { engine, batches, lookups };
}

it('sends a picture once, as an offset if it is in the store', async () => {
  const store = PictureStore.open(4, 1);
  const [kept, loose] = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)];
  store?.put(kept);
  const sent: EngineBatch[] = [];
  const { engine } = engineThat((batch) => {
    sent.push(batch);
    return Promise.resolve({ probabilities: new Float32Array(9), logScores: new Float32Array(9) });
  }, store);
  await engine.run([item(kept, 1), item(loose, 2), item(kept, 3)], 12);
  store?.close();
  expect(sent[0]?.images).toEqual([{ offset: 0 }, loose]);
  expect(sent[0]?.items).toEqual([
    { image: 0, inputIds: [1] },
    { image: 1, inputIds: [2] },
    { image: 0, inputIds: [3] },
  ]);
  expect(sent[0]?.length).toBe(12);
});

it('gives each item its row of the outputs', async () => {
  const { engine } = engineThat(() =>
    Promise.resolve({
      probabilities: Float32Array.of(1, 2, 3, 4, 5, 6),
      logScores: Float32Array.of(-1, -2, -3, -4, -5, -6),
    }),
  );
  expect(await engine.run([item(Uint8Array.of(1), 1), item(Uint8Array.of(2), 2)], 12)).toEqual([
    { probabilities: Float32Array.of(1, 2, 3), logScores: Float32Array.of(-1, -2, -3) },
    { probabilities: Float32Array.of(4, 5, 6), logScores: Float32Array.of(-4, -5, -6) },
  ]);
});

it('reports each run, with the requests that it computed for', async () => {
  const failure = new Error('crash');
  const results = [Promise.resolve({ probabilities: new Float32Array(9), logScores: new Float32Array(9) })];
  const { engine, batches } = engineThat(() => results.shift() ?? Promise.reject(failure));
  const [one, other] = [{ stage: nothing }, { stage: nothing }];
  const picture = Uint8Array.of(1);
  const items = [
    item(picture, 1, { observer: one }),
    item(picture, 2, { observer: one }),
    item(Uint8Array.of(2), 3, { observer: other }),
  ];
  await engine.run(items, 12);
  await expect(engine.run([item(picture, 1)], 20)).rejects.toBe(failure);
  expect(batches).toMatchObject([
    { items: 3, pictures: 2, length: 12, failed: false },
    { items: 1, pictures: 1, length: 20, failed: true, requests: [] },
  ]);
  const requests = batches[0]?.requests ?? [];
  expect([requests.length, requests[0] === one, requests[1] === other]).toEqual([2, true, true]);
});

it('counts lookups in the features only where the engine keeps them, of pictures that may be kept', async () => {
  const output = { probabilities: ROW, logScores: ROW };
  const outputs = [output, { ...output, reusedImages: 1 }];
  const { engine, lookups } = engineThat(() => Promise.resolve(outputs.shift() ?? output));
  const items = [item(Uint8Array.of(1), 1), item(Uint8Array.of(2), 2), item(Uint8Array.of(3), 3)];
  items.push(item(Uint8Array.of(4), 4, { pictureKey: undefined }));
  for (let run = 0; run < 2; run++) await engine.run(items, 12);
  expect(lookups).toEqual([['features', 1, 2]]);
});

it.each([{ fails: false }, { fails: true }])(
  'lets no other picture take the place of one in a run whose request has left (fails: $fails)',
  async ({ fails }) => {
    const store = PictureStore.open(4, 1);
    if (store === undefined) throw new Error('no store');
    const [left, next, last] = [Uint8Array.of(1, 1, 1, 1), Uint8Array.of(2, 2, 2, 2), Uint8Array.of(3, 3, 3, 3)];
    store.put(left);
    const read = new Uint8Array(4);
    const { engine } = engineThat(async ({ images: [image] }) => {
      // The engine reads the picture some time after the run was sent.
      store.free(left);
      await Promise.resolve();
      store.put(next);
      copyPicture(image ?? read, read, store.fd);
      if (fails) throw new Error('crash');
      return { probabilities: ROW, logScores: ROW };
    }, store);
    await engine.run([item(left, 1)], 12).catch(() => undefined);
    expect(read).toEqual(left);
    expect(store.lend(next)).toBe(next);
    store.put(last);
    expect(store.lend(last)).toEqual({ offset: 0 });
    store.close();
  },
);
