import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { closePixels, toPixels } from '../../../../model/input/pixels/pixels.ts';
import { probe } from '../../../../model/input/pixels/probe.ts';

const SIZE = 8;

afterAll(closePixels);

describe('a baseline JPEG whose data a marker interrupts', () => {
  const file = readFileSync(new URL('../../../fixtures/images/jpeg-420.jpg', import.meta.url));
  const start = file.indexOf(Uint8Array.of(0xff, 0xda)) + 14;

  /** The file with a marker in the middle of its data, as a damaged byte makes one. */
  function interrupted(code: number): Buffer {
    const damaged = Buffer.from(file);
    let at = Math.floor((start + file.length) / 2);
    while (file.subarray(at - 1, at + 3).includes(0xff)) at++;
    damaged.set([0xff, code], at);
    return damaged;
  }

  it.each([0x02, 0xbf, 0xc0, 0xc4, 0xc8, 0xd8, 0xda, 0xdb, 0xdd, 0xf0])('is corrupt: marker %i', async (code) => {
    await expect(toPixels(interrupted(code), SIZE)).rejects.toMatchObject({ name: 'PixelsError', code: 'corrupt' });
  });

  // Pillow shows gray for what is missing.
  it.each([0x01, 0xd0, 0xd9])('is decoded where Pillow does: marker %i', async (code) => {
    expect(await toPixels(interrupted(code), SIZE)).toHaveLength(SIZE * SIZE * 3);
  });

  it('is decoded where all data were there before', async () => {
    const end = file.subarray(file.length - 2);
    const comment = Buffer.from('\xff\xfe\0\x04ab', 'latin1');
    for (const extra of [comment, Buffer.from('abc'), Buffer.of(0xff, 0xff)]) {
      const longer = Buffer.concat([file.subarray(0, -2), extra, end]);
      expect(await toPixels(longer, SIZE)).toEqual(await toPixels(file, SIZE));
    }
    const followed = Buffer.concat([file, Buffer.of(0xff, 0x02, 0xff, 0xc0)]);
    expect(await toPixels(followed, SIZE)).toEqual(await toPixels(file, SIZE));
  });
});

describe('bytes that fill the space before the markers of a JPEG', () => {
  /** The file with two of them before each marker of its header, the scan's included. */
  function filled(file: Buffer): Buffer {
    const parts: Buffer[] = [file.subarray(0, 2)];
    for (let at = 2, code = 0; code !== 0xda;) {
      code = file[at + 1] ?? expect.fail();
      const end = at + 2 + file.readUInt16BE(at + 2);
      parts.push(Buffer.of(0xff, 0xff), file.subarray(at, code === 0xda ? file.length : end));
      at = end;
    }
    return Buffer.concat(parts);
  }

  it.each(['jpeg-420', 'jpeg-exif6', 'jpeg-progressive', 'jpeg-cmyk'])('change nothing: %s', async (name) => {
    const file = readFileSync(new URL(`../../../fixtures/images/${name}.jpg`, import.meta.url));
    expect(filled(file).length).toBeGreaterThan(file.length + 8);
    expect(await probe(filled(file))).toEqual(await probe(file));
    expect(await toPixels(filled(file), SIZE)).toEqual(await toPixels(file, SIZE));
  });
});
