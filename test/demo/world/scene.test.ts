import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { cellsOf } from '../../../demo/training/export-pictures.ts';
import { pictureOf } from '../../../demo/world/render.ts';
import {
  COLOURS,
  HIDDEN_VISIBLE,
  LEAST_VISIBLE,
  SIZES,
  isHeldOut,
  sceneOf,
  visiblePart,
} from '../../../demo/world/scene.ts';
import { SHAPES } from '../../../demo/world/shapes.ts';

const training = Array.from({ length: 400 }, (_, seed) => sceneOf(seed, 'training'));
const heldOut = Array.from({ length: 100 }, (_, seed) => sceneOf(seed, 'held-out'));
const things = training.flatMap((scene) => scene.things);

describe('the scenes of the demo world', () => {
  it('hold one to seven things of every shape, colour and size', () => {
    const counts = new Set(training.map((scene) => scene.things.length));
    expect([...counts].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(things.map((thing) => thing.shape)).size).toBe(SHAPES.length);
    expect(new Set(things.map((thing) => thing.colour)).size).toBe(COLOURS.length);
    expect(new Set(things.map((thing) => thing.size)).size).toBe(SIZES.length);
  });

  it('cover things a little at most, unless they hide them', () => {
    for (const scene of training) {
      const frame = { ...scene, unit: Math.sqrt(scene.width * scene.height) };
      scene.things.forEach((thing, index) => {
        const { part } = visiblePart(thing, scene.things.slice(index + 1), frame);
        if (thing.hidden) {
          expect(part).toBeLessThanOrEqual(HIDDEN_VISIBLE.most);
          expect(part).toBeGreaterThanOrEqual(HIDDEN_VISIBLE.least);
        } else {
          expect(part).toBeGreaterThanOrEqual(LEAST_VISIBLE);
        }
      });
    }
    expect(training.filter((scene) => scene.things.some((thing) => thing.hidden)).length).toBeGreaterThan(60);
  });

  it('keep held-out combinations of colour, shape and place out of training and in every test', () => {
    expect(things.some(isHeldOut)).toBe(false);
    expect(heldOut.every((scene) => scene.things.some(isHeldOut))).toBe(true);
  });

  it('are the same for the same seed', () => {
    expect(sceneOf(17, 'training')).toEqual(training[17]);
    expect(sceneOf(17, 'held-out')).not.toEqual(training[17]);
  });

  it('give each thing a cell of its own', () => {
    for (const scene of training) {
      const cells = cellsOf(scene);
      expect(cells).not.toContain(-1);
      expect(new Set(cells).size).toBe(scene.things.length);
    }
  });
});

describe('the pictures of the demo world', () => {
  it('show each thing in its colour, where it is', async () => {
    const hues: Record<string, (r: number, g: number, b: number) => boolean> = {
      red: (r, g, b) => r > 150 && g < 110 && b < 110,
      orange: (r, g, b) => r > 190 && g > 90 && g < 190 && b < 110,
      yellow: (r, g, b) => r > 190 && g > 170 && b < 130,
      green: (r, g, b) => g > 110 && r < 110 && b < 130,
      blue: (r, g, b) => b > 150 && r < 110 && g < 150,
      purple: (r, g, b) => b > 110 && r > 80 && g < 110,
      pink: (r, g, b) => r > 190 && g > 100 && g < 200 && b > 140,
      brown: (r, g, b) => r > 80 && r < 170 && g > 35 && g < 120 && b < 90,
    };
    let seen = 0;
    for (const scene of training.slice(0, 40)) {
      const { data, info } = await sharp(await pictureOf(scene))
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([scene.width, scene.height]);
      for (const thing of scene.things) {
        if (thing.hidden || thing.size === 'small') continue;
        const at = (Math.floor(thing.y * info.height) * info.width + Math.floor(thing.x * info.width)) * 3;
        const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3);
        const underAnother = scene.things.some((other) => other.hidden && scene.things[other.under ?? 0] === thing);
        expect([thing.colour, r, g, b, hues[thing.colour]?.(r, g, b) ?? false, underAnother]).toEqual([
          thing.colour,
          r,
          g,
          b,
          true,
          underAnother,
        ]);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(40);
  });

  it('are the same bytes for the same seed', async () => {
    const [first, again] = await Promise.all([pictureOf(sceneOf(3, 'training')), pictureOf(sceneOf(3, 'training'))]);
    expect(Buffer.compare(Buffer.from(first), Buffer.from(again))).toBe(0);
  });
});
