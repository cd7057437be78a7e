import { describe, expect, it } from 'vitest';
import { CAN_FREE } from '../../../model/free-memory.ts';
import { ClientGone } from '../../../service/inference/errors.ts';
import { PictureCache } from '../../../service/inference/picture-cache.ts';

/** A decoding in progress. */
interface Decoding {
  readonly signal: AbortSignal;
  readonly finish: () => void;
  readonly fail: () => void;
}

const IMAGE = Uint8Array.of(1, 2, 3);
const PIXELS = Uint8Array.of(7);

function setup() {
  const decodings: Decoding[] = [];
  const kept: Uint8Array[] = [];
  const freed: Uint8Array[] = [];
  const cache = new PictureCache(
    (_, signal) =>
      new Promise((resolve, reject) => {
        decodings.push({
          signal,
          finish: () => {
            resolve(PIXELS);
          },
          fail: () => {
            reject(new Error('damaged'));
          },
        });
      }),
    { put: (pixels) => kept.push(pixels), free: (pixels) => freed.push(pixels) },
  );
  const user = () => {
    const controller = new AbortController();
    const picture = cache.get('key', IMAGE, controller.signal);
    picture.catch(() => undefined);
    return {
      picture,
      leave: () => {
        controller.abort(new ClientGone());
      },
    };
  };
  return { cache, decodings, kept, freed, user };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it.runIf(CAN_FREE)('frees the pixels with the last release, and not before', async () => {
  const cache = new PictureCache(() => Promise.resolve(new Uint8Array(64 * 64 * 3)));
  const { signal } = new AbortController();
  const [first, second] = await Promise.all([cache.get('key', IMAGE, signal), cache.get('key', IMAGE, signal)]);
  first.release();
  await turn();
  expect(second.pixels).toHaveLength(64 * 64 * 3);
  second.release();
  await turn();
  expect(second.pixels).toHaveLength(0);
});

describe('a client that disconnects while its picture is decoded', () => {
  it('aborts the decoding if no other client waits for it', async () => {
    const { cache, decodings, kept, freed, user } = setup();
    const { picture, leave } = user();
    await until(() => decodings.length === 1);
    expect(decodings[0]?.signal.aborted).toBe(false);
    leave();
    await expect(picture).rejects.toBeInstanceOf(ClientGone);
    expect([decodings[0]?.signal.aborted, cache.size]).toEqual([true, 0]);
    // A decoder that ignores the signal finishes nevertheless.
    decodings[0]?.finish();
    await until(() => freed.length === kept.length && kept.length === 1);
  });

  it('leaves the decoding to a client that still waits for it', async () => {
    const { cache, decodings, kept, freed, user } = setup();
    const [first, second] = [user(), user()];
    await until(() => decodings.length === 1);
    // Now both wait for it.
    await turn();
    first.leave();
    await expect(first.picture).rejects.toBeInstanceOf(ClientGone);
    expect([decodings[0]?.signal.aborted, cache.size]).toEqual([false, 1]);
    decodings[0]?.finish();
    const { pixels, release } = await second.picture;
    expect([pixels, kept, freed]).toEqual([PIXELS, [PIXELS], []]);
    release();
    release();
    await until(() => freed.length === 1);
    expect([decodings.length, cache.size]).toEqual([1, 0]);
  });

  it('aborts the decoding with the last client, and a later client starts a new one', async () => {
    const { cache, decodings, user } = setup();
    const users = [user(), user(), user()];
    await until(() => decodings.length === 1);
    await turn();
    for (const { leave } of users) leave();
    await Promise.allSettled(users.map(({ picture }) => picture));
    expect([decodings[0]?.signal.aborted, cache.size]).toEqual([true, 0]);
    const late = user();
    await until(() => decodings.length === 2);
    decodings[0]?.fail();
    decodings[1]?.finish();
    const { pixels, release } = await late.picture;
    expect([pixels, decodings[1]?.signal.aborted]).toEqual([PIXELS, false]);
    release();
    expect(cache.size).toBe(0);
  });

  it('starts no decoding if it was gone before', async () => {
    const { cache, decodings } = setup();
    const gone = AbortSignal.abort(new ClientGone());
    await expect(cache.keyOf(IMAGE, gone)).rejects.toBeInstanceOf(ClientGone);
    await expect(cache.get('key', IMAGE, gone)).rejects.toBeInstanceOf(ClientGone);
    expect([decodings.length, cache.size]).toEqual([0, 0]);
  });
});
