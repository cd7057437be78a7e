import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { toPixels } from '../../model/input/pixels/pixels.ts';
import { pictureOf } from '../world/render.ts';
import { COLOURS, MAX_THINGS, SIZES, sceneOf, type Scene, type Split } from '../world/scene.ts';
import { SHAPES } from '../world/shapes.ts';

/** Side of the model's image in pixels, and of its grid in cells. */
export const IMAGE_SIZE = 112;
export const GRID = IMAGE_SIZE / 16;
/** Fields of each thing: cell (-1: no such thing), shape, colour, size, x and y in ten-thousandths. */
export const THING_FIELDS = 6;
/** Pictures that are rendered concurrently. */
const AT_ONCE = 16;

/**
 * The cell of the model's grid that represents each thing: that of its visible centre or, if another thing is closer to
 * the middle of that cell, the nearest free one.
 */
export function cellsOf(scene: Scene): readonly number[] {
  const cells = new Array<number>(scene.things.length).fill(-1);
  const away = (x: number, y: number, cell: number): number =>
    Math.hypot(x * GRID - 0.5 - (cell % GRID), y * GRID - 0.5 - Math.floor(cell / GRID));
  const claims = scene.things.flatMap((thing, index) =>
    Array.from({ length: GRID * GRID }, (_, cell) => ({
      index,
      cell,
      distance: away(thing.seen.x, thing.seen.y, cell),
    })).filter((claim) => claim.distance < 2.5),
  );
  const taken = new Set<number>();
  for (const { index, cell } of claims.sort((a, b) => a.distance - b.distance)) {
    if (cells[index] !== -1 || taken.has(cell)) continue;
    cells[index] = cell;
    taken.add(cell);
  }
  return cells;
}

function labels(scene: Scene): Int16Array {
  const rows = new Int16Array(MAX_THINGS * THING_FIELDS).fill(-1);
  const cells = cellsOf(scene);
  scene.things.forEach((thing, index) => {
    rows.set(
      [
        cells[index] ?? -1,
        thing.hidden ? SHAPES.length : SHAPES.indexOf(thing.shape),
        COLOURS.indexOf(thing.colour),
        thing.hidden ? SIZES.length : SIZES.indexOf(thing.size),
        Math.round(thing.seen.x * 10_000),
        Math.round(thing.seen.y * 10_000),
      ],
      index * THING_FIELDS,
    );
  });
  return rows;
}

/**
 * Writes the pictures of `count` seeds, starting with `firstSeed`, as the model sees them (`pictures.bin`: uint8
 * [count, size, size, 3]) and the things in them (`things.bin`: int16 [count, 7, 6], see THING_FIELDS).
 */
export async function exportPictures(folder: string, split: Split, count: number, firstSeed = 0): Promise<void> {
  await mkdir(folder, { recursive: true });
  const pictures = createWriteStream(path.join(folder, 'pictures.bin'));
  const things = createWriteStream(path.join(folder, 'things.bin'));
  for (let first = 0; first < count; first += AT_ONCE) {
    const seeds = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => firstSeed + first + i);
    const made = await Promise.all(
      seeds.map(async (seed) => {
        const scene = sceneOf(seed, split);
        return { scene, pixels: await toPixels(await pictureOf(scene), IMAGE_SIZE) };
      }),
    );
    for (const { scene, pixels } of made) {
      const rows = labels(scene);
      things.write(Buffer.from(rows.buffer));
      if (!pictures.write(pixels)) await once(pictures, 'drain');
    }
    if (first % 4000 === 0) console.log(`${split} pictures: ${first} of ${count}`);
  }
  await Promise.all([once(pictures.end(), 'finish'), once(things.end(), 'finish')]);
}
