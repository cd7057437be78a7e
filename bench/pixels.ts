// Compares the exact pixels with sharp's own, inexact resize, for a 1920x1080 JPEG to 480x480. The contenders take turns,
// so that other load on the machine affects all of them; on a busy machine the shortest times are the most meaningful.
// usage: node bin/run.js bench/pixels.ts [rounds]
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { decode } from '../model/input/pixels/decode.ts';
import { probe } from '../model/input/pixels/probe.ts';
import { closePixels, toPixels } from '../model/input/pixels/pixels.ts';
import { resample } from '../model/input/resize/resample.ts';
import { printReport, quantile, table } from './support/format.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

const SIZE = 480;
const WIDTH = 1920;
const HEIGHT = 1080;
const WARM_UP_ROUNDS = 5;
const TOTAL = 'ofa-ve: decode and resize, equal to Pillow to the bit';
const SHARP_TOTAL = 'sharp: decode and resize, inexact';
const RESIZE = 'ofa-ve: resize alone';
const SHARP_RESIZE = 'sharp: resize alone';

async function main(): Promise<void> {
  const [number = '40'] = programArguments(1);
  const rounds = wholeNumber('rounds', number);
  const file = await readFile(new URL('../test/fixtures/images/size-1920x1080.jpg', import.meta.url));
  const header = await probe(file);
  const { pixels } = await decode(file, header, 'upright');
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  const resize = { fit: 'fill', kernel: 'cubic' } as const;

  const contenders: Record<string, () => Promise<unknown>> = {
    [TOTAL]: () => toPixels(file, SIZE),
    [SHARP_TOTAL]: () => sharp(file).resize(SIZE, SIZE, resize).raw().toBuffer(),
    'ofa-ve: decode alone': () => decode(file, header, 'upright'),
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

  // A quantile of the measured times in milliseconds.
  const measured = (name: string, share: number): number => quantile(times.get(name) ?? [], share);
  const ratio = (ours: string, theirs: string): string => {
    const [shortest, median] = [0, 0.5].map((share) => measured(ours, share) / measured(theirs, share));
    return `${shortest?.toFixed(2) ?? ''} times by the shortest times, ${median?.toFixed(2) ?? ''} by the medians`;
  };

  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  printReport(
    table(
      ['what', 'shortest', 'median'],
      [...times.keys()].map((name) => [name, ms(measured(name, 0)), ms(measured(name, 0.5))]),
    ),
    `Exact pixels take ${ratio(TOTAL, SHARP_TOTAL)} (target: at most 1.50); the exact resize alone takes ` +
      `${ratio(RESIZE, SHARP_RESIZE)}. ${rounds} rounds, the contenders alternating.`,
  );
}

await runProgram(main);
