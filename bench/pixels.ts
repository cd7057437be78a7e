/**
 * What exact pixels cost beside sharp's own, inexact resize, for a 1920x1080 JPEG to 480x480.
 *
 *   node bin/run.js bench/pixels.ts [rounds]
 *
 * The contenders take turns, so that whatever else the machine does hits them alike; the shortest
 * times say most on a machine that does much else.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import sharp from 'sharp';
import { decode } from '../model/input/pixels/decode.ts';
import { probe } from '../model/input/pixels/probe.ts';
import { closePixels, toPixels } from '../model/input/pixels/pixels.ts';
import { resample } from '../model/input/resize/resample.ts';

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

/** One of the measured times in milliseconds: the shortest (share 0), the median (share 0.5). */
function measured(name: string, share: number): number {
  const sorted = (times.get(name) ?? []).toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
}

function ratio(ours: string, theirs: string): string {
  const [shortest, median] = [0, 0.5].map((share) => measured(ours, share) / measured(theirs, share));
  return `${shortest?.toFixed(2) ?? ''} of the shortest times, ${median?.toFixed(2) ?? ''} of the medians`;
}

const model = cpus()[0]?.model ?? 'unknown';
console.log(`${model}, ${availableParallelism()} processors, Node ${process.version}, ${rounds} rounds`);
for (const name of times.keys()) {
  console.log(
    `${name.padEnd(40)} ${measured(name, 0).toFixed(2)} ms shortest, ${measured(name, 0.5).toFixed(2)} ms median`,
  );
}
console.log(`ratio, decode + resize (aim: 1.50 or less): ${ratio(TOTAL, SHARP_TOTAL)}`);
console.log(`ratio, resize alone: ${ratio(RESIZE, SHARP_RESIZE)}`);
