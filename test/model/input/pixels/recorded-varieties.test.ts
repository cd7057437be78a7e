import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { closePixels, toPixels } from '../../../../model/input/pixels/pixels.ts';

interface Variety {
  /** In base64. */
  readonly file: string;
  /** Of the RGB that Pillow decodes. */
  readonly sha256: string;
}

interface Avif {
  readonly file: string;
  readonly upright: readonly (readonly number[])[];
  readonly stored: readonly (readonly number[])[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../fixtures/varieties/${name}`, import.meta.url), 'utf8'));

/** Pixels along a side of the files, so that nothing is resized. */
const SIDE = 9;
const AVIF_SIDE = 16;
/** Levels by which colours of an AVIF may differ between decoders. */
const TOLERANCE = 4;

afterAll(closePixels);

describe("the pixels are Pillow's, to the bit, for a", () => {
  it.each(Object.entries(read('varieties.json') as Record<string, Variety>))('%s', async (_, { file, sha256 }) => {
    const pixels = await toPixels(Buffer.from(file, 'base64'), SIDE);
    expect(createHash('sha256').update(pixels).digest('hex')).toBe(sha256);
  });
});

describe("the colours are Pillow's, but for a few levels, for an", () => {
  const varieties = Object.entries(read('avif.json') as Record<string, Avif>);

  it.each(varieties)('%s', async (_, { file, upright, stored }) => {
    for (const [orientation, expected] of [
      ['upright', upright],
      ['stored', stored],
    ] as const) {
      const pixels = await toPixels(Buffer.from(file, 'base64'), AVIF_SIDE, { orientation });
      const places = [AVIF_SIDE / 4, (AVIF_SIDE * 3) / 4];
      const colors = places.flatMap((y) => places.map((x) => (y * AVIF_SIDE + x) * 3));
      colors.forEach((at, quarter) => {
        const differences = [0, 1, 2].map((channel) =>
          Math.abs((pixels[at + channel] ?? NaN) - (expected[quarter]?.[channel] ?? NaN)),
        );
        expect(Math.max(...differences)).toBeLessThanOrEqual(TOLERANCE);
      });
    }
  });
});
