/**
 * What exact pixels cost beside sharp's own, inexact resize, for a 1920x1080 JPEG to 480x480.
 *
 *   node --import tsx bench/pixels.ts [rounds]
 *
 * The contenders take turns, so that whatever else the machine does hits them alike.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import sharp from 'sharp';
import { decode } from '../service/inference/pixels-decode.ts';
import { closePixels, toPixels } from '../service/inference/pixels.ts';
import { resample } from '../service/inference/resize/resample.ts';

const SIZE = 480;
const WIDTH = 1920;
const HEIGHT = 1080;
const rounds = Number(process.argv[2] ?? 40);
const WARM_UP_ROUNDS = 5;

const file = await readFile(new URL('../test/fixtures/images/size-1920x1080.jpg', import.meta.url));
const { pixels } = await decode(file, 'jpeg');
const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
const resize = { fit: 'fill', kernel: 'cubic' } as const;

const contenders: Record<string, () => Promise<unknown>> = {
  'toPixels (decode + resize in a thread)': () => toPixels(file, SIZE),
  'sharp decode + resize': () => sharp(file).resize(SIZE, SIZE, resize).raw().toBuffer(),
  'exact decode alone': () => decode(file, 'jpeg'),
  'exact resize alone': () => Promise.resolve(resample(pixels, WIDTH, HEIGHT, SIZE)),
  'sharp resize alone': () => sharp(pixels, { raw }).resize(SIZE, SIZE, resize).raw().toBuffer(),
};

const times = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]));
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  for (const [name, run] of Object.entries(contenders)) {
    const start = performance.now();
    await run();
    if (round >= 0) times.get(name)?.push(performance.now() - start);
  }
}
await closePixels();

/** The middle of the measured times in milliseconds. */
function median(name: string): number {
  const sorted = (times.get(name) ?? []).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const model = cpus()[0]?.model ?? 'unknown';
console.log(`${model}, ${availableParallelism()} processors, Node ${process.version}, ${rounds} rounds`);
for (const name of times.keys()) console.log(`${name.padEnd(40)} ${median(name).toFixed(2)} ms (median)`);
const total = median('toPixels (decode + resize in a thread)') / median('sharp decode + resize');
const resizeOnly = median('exact resize alone') / median('sharp resize alone');
console.log(`ratio to sharp, decode + resize: ${total.toFixed(2)} (aim: 1.50 or less)`);
console.log(`ratio to sharp, resize alone:    ${resizeOnly.toFixed(2)}`);
