import { closeSync, openSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PictureStore, copyPicture } from '../../../../service/engine/session/picture-store.ts';
import type { EngineImage } from '../../../../service/engine/protocol.ts';
import { openPictureFile } from '../../../../service/engine/session/picture-file.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const BYTES = 12;
let folder = '';
let store: PictureStore | undefined;

beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => {
  store?.close();
  store = undefined;
});

const picture = (value: number): Uint8Array => new Uint8Array(BYTES).fill(value);

function open(slots: number): PictureStore {
  store = PictureStore.open(BYTES, slots, openPictureFile([join(folder, 'missing'), folder]));
  if (store === undefined) throw new Error('no store');
  return store;
}

/** What an engine gets of a picture in a run. */
function received(from: PictureStore, pixels: Uint8Array): Uint8Array {
  const target = new Uint8Array(BYTES);
  copyPicture(from.lend(pixels), target, from.fd);
  from.giveBack(pixels);
  return target;
}

/** What a run that has ended was sent for a picture. */
function imageOf(from: PictureStore, pixels: Uint8Array): EngineImage {
  const image = from.lend(pixels);
  from.giveBack(pixels);
  return image;
}

it('stores each picture at its own offset', () => {
  const pictures = [1, 2, 3].map(picture);
  const from = open(3);
  for (const pixels of pictures) from.put(pixels);
  expect(pictures.map((pixels) => imageOf(from, pixels))).toEqual([
    { offset: 0 },
    { offset: BYTES },
    { offset: 2 * BYTES },
  ]);
  for (const pixels of pictures) expect(received(from, pixels)).toEqual(pixels);
});

it('sends a picture with its batch if no slot is free', () => {
  const from = open(1);
  const [first, second] = [picture(1), picture(2)];
  from.put(first);
  from.put(second);
  expect(imageOf(from, second)).toBe(second);
  expect(received(from, second)).toEqual(second);
});

it('reuses the lowest free slot', () => {
  const from = open(3);
  const pictures = [1, 2, 3].map(picture);
  for (const pixels of pictures) from.put(pixels);
  for (const at of [2, 0]) from.free(pictures[at] ?? picture(0));
  from.free(picture(9));
  const [fourth, fifth] = [picture(4), picture(5)];
  from.put(fourth);
  from.put(fifth);
  expect([imageOf(from, fourth), imageOf(from, fifth)]).toEqual([{ offset: 0 }, { offset: 2 * BYTES }]);
  expect(received(from, pictures[1] ?? picture(0))).toEqual(picture(2));
  expect(received(from, fifth)).toEqual(fifth);
});

it('keeps the slot of a picture that was freed until every run that may read it has ended', () => {
  const from = open(2);
  const [first, second, third, fourth] = [picture(1), picture(2), picture(3), picture(4)];
  from.put(first);
  const image = from.lend(first);
  from.lend(first);
  from.free(first);
  from.giveBack(first);
  from.put(second);
  from.put(third);
  const target = new Uint8Array(BYTES);
  copyPicture(image, target, from.fd);
  expect(target).toEqual(first);
  expect(imageOf(from, second)).toEqual({ offset: BYTES });
  expect(imageOf(from, third)).toBe(third);
  from.giveBack(first);
  from.put(fourth);
  expect(imageOf(from, fourth)).toEqual({ offset: 0 });
});

it('leaves no file behind, and does not open if no folder is writable', async () => {
  open(1).put(picture(1));
  expect(await readdir(folder)).toEqual([]);
  expect(openPictureFile([join(folder, 'missing')])).toBeUndefined();
});

it('rejects a picture of the wrong length, and an offset past the end of the file', () => {
  const from = open(1);
  expect(() => {
    copyPicture(picture(1), new Uint8Array(BYTES + 1));
  }).toThrow('a picture has 12 bytes, not 13');
  expect(() => {
    copyPicture({ offset: 0 }, new Uint8Array(BYTES), from.fd);
  }).toThrow('the picture file ends after 0 of 12 bytes');
});

it('does not touch the file that has got the number of its own after it was closed', () => {
  const closed = open(2);
  closed.close();
  const file = join(folder, 'of somebody else');
  const fd = openSync(file, 'w');
  expect(fd).toBe(closed.fd);
  closed.put(picture(1));
  closed.close();
  expect(imageOf(closed, picture(1))).toEqual(picture(1));
  closeSync(fd);
  expect(readFileSync(file)).toHaveLength(0);
});
