import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { closePixels, toPixels } from '../../../../model/input/pixels/pixels.ts';

const FOLDER = new URL('../../../fixtures/images/', import.meta.url);

interface Expected {
  readonly sha256_480: string;
  readonly sha256_64: string;
  readonly upright_sha256_480: string;
  readonly upright_sha256_64: string;
}

const expected = JSON.parse(readFileSync(new URL('expected.json', FOLDER), 'utf8')) as Record<string, Expected>;
const read = (name: string): Uint8Array => readFileSync(new URL(name, FOLDER));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

afterAll(closePixels);

describe('the pixels of an image', () => {
  it('are checked for every file of the fixtures', () => {
    const files = readdirSync(FOLDER).filter((name) => name !== 'expected.json');
    expect(files.sort()).toEqual(Object.keys(expected).sort());
    expect(files).toHaveLength(41);
  });

  it.each(Object.entries(expected))("are Pillow's: %s", async (name, sums) => {
    const file = read(name);
    expect(sha256(await toPixels(file, 480))).toBe(sums.upright_sha256_480);
    expect(sha256(await toPixels(file, 64))).toBe(sums.upright_sha256_64);
    const orientation = 'stored';
    expect(sha256(await toPixels(file, 480, { orientation }))).toBe(sums.sha256_480);
    expect(sha256(await toPixels(file, 64, { orientation }))).toBe(sums.sha256_64);
  });

  it('do not depend on what else is decoded at the time', async () => {
    const names = Object.keys(expected);
    const digests = await Promise.all(names.map(async (name) => sha256(await toPixels(read(name), 64))));
    expect(digests).toEqual(names.map((name) => expected[name]?.upright_sha256_64));
  });

  it('come from a view of a larger buffer too, which stays as it was', async () => {
    const file = read('jpeg-420.jpg');
    const larger = new Uint8Array(file.length + 20).fill(7);
    larger.set(file, 10);
    const before = larger.slice();
    const pixels = await toPixels(larger.subarray(10, 10 + file.length), 64);
    expect(sha256(pixels)).toBe(expected['jpeg-420.jpg']?.sha256_64);
    expect(larger).toEqual(before);
  });

  it.each([0, -1, 1.5, NaN, 4097])('have no size of %d', async (size) => {
    await expect(toPixels(read('size-1x1.jpg'), size)).rejects.toThrow(RangeError);
  });
});

describe('stopping', () => {
  const file = read('size-1920x1080.jpg');

  it('rejects with the reason of a signal that was aborted before', async () => {
    const reason = new Error('gone');
    await expect(toPixels(file, 64, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('rejects at once when the signal is aborted, and the next image is served', async () => {
    const controller = new AbortController();
    const reason = new Error('gone');
    const aborted = Array.from({ length: 12 }, () => toPixels(file, 64, { signal: controller.signal }));
    const settled = Promise.allSettled(aborted);
    const kept = toPixels(read('jpeg-420.jpg'), 64);
    controller.abort(reason);
    for (const result of await settled) expect(result).toEqual({ status: 'rejected', reason });
    expect(sha256(await kept)).toBe(expected['jpeg-420.jpg']?.sha256_64);
  });

  it('is not disturbed when another user of the threads closes them', async () => {
    for (let round = 0; round < 5; round++) {
      const images = Array.from({ length: 12 }, () => toPixels(file, 64));
      // Some are being decoded, others wait.
      await images[round];
      await closePixels();
      expect((await Promise.allSettled(images)).map(({ status }) => status)).toEqual(images.map(() => 'fulfilled'));
    }
  });

  it('is followed by a fresh start', async () => {
    await closePixels();
    await closePixels();
    expect(sha256(await toPixels(read('gif.gif'), 64))).toBe(expected['gif.gif']?.sha256_64);
  });
});
