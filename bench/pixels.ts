// Compares the exact pixels with sharp's own, inexact resize, for a 1920x1080 JPEG to 480x480. The contenders take turns,
// so that other load on the machine affects all of them; on a busy machine the shortest times are the most meaningful.
// usage: node bin/run.js bench/pixels.ts [rounds]
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { decode } from '../model/input/pixels/decode.ts';
import { probe } from '../model/input/pixels/probe.ts';
import { closePixels, toPixels } from '../model/input/pixels/pixels.ts';
import { resample } from '../model/input/resize/resample.ts';
import { machine, quantile } from './support/format.ts';

const SIZE = 480;
const WIDTH = 1920;
const HEIGHT = 1080;
const rounds = Number(process.argv[2] ?? 40);
const WARM_UP_ROUNDS = 5;
const TOTAL = 'toPixels (decode + resize in a thread)';
const SHARP_TOTAL = 'sharp decode + resize';
const RESIZE = 'exact resize alone';
const SHARP_RESIZE = 'sharp resize alone';

const file = await readFile(new URL('../test/fixtures/images/size-1920x1080.jpg', import.meta.url));
const header = await probe(file);
const { pixels } = await decode(file, header);
const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
const resize = { fit: 'fill', kernel: 'cubic' } as const;

const contenders: Record<string, () => Promise<unknown>> = {
  [TOTAL]: () => toPixels(file, SIZE),
  [SHARP_TOTAL]: () => sharp(file).resize(SIZE, SIZE, resize).raw().toBuffer(),
  'exact decode alone': () => decode(file, header),
  [RESIZE]: () => Promise.resolve(resample(pixels, WIDTH, HEIGHT, SIZE)),
  [SHARP_RESIZE]: () => sharp(pixels, { raw }).resize(SIZE, SIZE, resize).raw().toBuffer(),
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

/** A quantile of the measured times in milliseconds. */
function measured(name: string, share: number): number {
  return quantile(times.get(name) ?? [], share);
}

function ratio(ours: string, theirs: string): string {
  const [shortest, median] = [0, 0.5].map((share) => measured(ours, share) / measured(theirs, share));
  return `${shortest?.toFixed(2) ?? ''} of the shortest times, ${median?.toFixed(2) ?? ''} of the medians`;
}

console.log(`${machine()}, ${rounds} rounds`);
for (const name of times.keys()) {
  console.log(
    `${name.padEnd(40)} ${measured(name, 0).toFixed(2)} ms shortest, ${measured(name, 0.5).toFixed(2)} ms median`,
  );
}
console.log(`ratio, decode + resize (target: at most 1.50): ${ratio(TOTAL, SHARP_TOTAL)}`);
console.log(`ratio, resize alone: ${ratio(RESIZE, SHARP_RESIZE)}`);
