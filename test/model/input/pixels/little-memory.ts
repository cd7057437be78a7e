/**
 * A program for a test: decodes large pictures when the process may allocate only so many bytes more, and writes how
 * each decoding ended.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { closePixels, limitPixelMemory, toPixels } from '../../../../model/input/pixels/pixels.ts';
import { MIB } from '../../../../model/bytes.ts';

const SIDE = 5000;
const canvas = { create: { width: SIDE, height: SIDE, channels: 3 as const, background: 'teal' } };
const pictures = {
  png: await sharp(canvas).png({ compressionLevel: 1 }).toBuffer(),
  webp: await sharp(canvas).webp({ lossless: true, effort: 0 }).toBuffer(),
  gif: await sharp(canvas).gif({ effort: 1 }).toBuffer(),
  tiff: await sharp(canvas).tiff({ compression: 'lzw' }).toBuffer(),
  jpeg: await sharp(canvas).jpeg({ progressive: true }).toBuffer(),
};
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAAAAACwAAAAAAQABAAACAkQBADs=', 'base64');

/** Lets this process allocate only so much more, as a system that does not overcommit its memory. */
function limitMemory(mebibytes: number): void {
  const used = Number(/VmData:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  execFileSync('prlimit', ['--pid', String(process.pid), `--data=${used + mebibytes * MIB}`]);
}

limitPixelMemory(2 ** 32);
await toPixels(GIF, 8);
limitMemory(Number(process.argv[2]));
const ends: Record<string, string> = {};
for (const [name, bytes] of Object.entries(pictures)) {
  ends[name] = await toPixels(bytes, 8).then(
    () => 'decoded',
    (error: unknown) => (error as Error).message,
  );
}
process.stdout.write(JSON.stringify(ends));
await closePixels();
