// Measures the peak memory of decoding a picture of each kind, as the service does it, and compares it with the estimate by
// which decoding is admitted. Each kind has a process of its own, since the peak of one hides those after it, with malloc
// set as in the container images. Needs Linux: /proc/self/clear_refs resets the peak.
// usage: node bin/run.js bench/decoding-memory.ts [width] [height]
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { probe } from '../model/input/pixels/probe.ts';
import { closePixels, toPixels } from '../model/input/pixels/pixels.ts';
import { sourceFlags } from '../model/source-flags.ts';
import { IMAGE_ENVIRONMENT } from '../testing/demo-deployment.ts';
import { PICTURE_KINDS, picture } from '../testing/picture-kinds.ts';
import { memoryOf } from '../testing/process-usage.ts';
import { printReport, table } from './support/format.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

const SIZE = 480;

/** Bytes of memory. */
interface Measurement {
  /** By how much the process grows at most while it decodes the picture. */
  readonly first: number;
  /** The same of the third decoding in a row, from where the first began. */
  readonly third: number;
  /** The estimate for the pixels alone. */
  readonly estimate: number;
}

async function peakOf(bytes: Uint8Array): Promise<number> {
  writeFileSync('/proc/self/clear_refs', '5');
  await toPixels(bytes, SIZE);
  return memoryOf(process.pid)('VmHWM');
}

async function measure(path: string): Promise<Measurement> {
  const bytes = readFileSync(path);
  const onePixel = Buffer.from('R0lGODlhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=', 'base64');
  await toPixels(onePixel, SIZE);
  const before = memoryOf(process.pid)('VmRSS');
  const first = await peakOf(bytes);
  await toPixels(bytes, SIZE);
  const third = await peakOf(bytes);
  const { memory: estimate } = await probe(bytes);
  await closePixels();
  return { first: first - before, third: third - before, estimate };
}

async function main(): Promise<void> {
  const [columns = '4000', rowCount = '2500'] = programArguments(2);
  const [width, height] = [wholeNumber('width', columns), wholeNumber('height', rowCount)];
  const folder = await mkdtemp(join(tmpdir(), 'decoding-memory-'));
  const rows: string[][] = [];
  const perPixel = (bytes: number): string => (bytes / (width * height)).toFixed(1);
  for (const { name, encode } of PICTURE_KINDS) {
    const path = join(folder, 'picture');
    const file = await encode(picture(width, height), width, height);
    await writeFile(path, file);
    const args = [...sourceFlags('.ts'), fileURLToPath(import.meta.url), 'measure', path];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, ...IMAGE_ENVIRONMENT },
    });
    const { first, third, estimate } = JSON.parse(stdout) as Measurement;
    rows.push([name, perPixel(first), perPixel(third), perPixel(file.length), perPixel(estimate)]);
    console.error(rows.at(-1)?.join('  '));
  }
  await rm(folder, { recursive: true });
  printReport(
    table(['picture', 'peak', 'peak of the third in a row', 'file', 'estimate'], rows),
    `Bytes per pixel, for ${width} x ${height} pixels. Beside the estimate, 16 MiB and twice the file are reserved for each picture.`,
  );
}

const [first, second] = process.argv.slice(2);
if (first === 'measure') console.log(JSON.stringify(await measure(second ?? '')));
else await runProgram(main);
