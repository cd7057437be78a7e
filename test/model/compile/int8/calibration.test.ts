import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { measureRanges } from '../../../../model/compile/int8/calibrate.ts';
import { calibrationItems, type CalibrationSource } from '../../../../model/compile/int8/calibration-items.ts';
import { sumOfPictures } from '../../../../model/compile/int8/calibration-pictures.ts';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { writeGraphs } from '../../../../model/compile/onnx/write.ts';
import type { Example } from '../../../../model/package/examples.ts';
import { GRAPH_IO } from '../../../../model/package/layout.ts';
import { selfTestImage } from '../../../../model/package/self-test.ts';
import { buildTokenizerJson, loadTokenizer } from '../../../../model/package/tokenizer.ts';
import { fixtureFile } from '../../../../testing/fixtures.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const text = (name: string): string => readFileSync(fixtureFile('mini-none', name), 'utf8');
const tokenizer = loadTokenizer(buildTokenizerJson(text('vocab.json'), text('merges.txt')));
const SOURCE: CalibrationSource = {
  examples: [],
  imageSize: 16,
  text: {
    prompts: { hypothesis: '{}', premise: '{} {}' },
    maxWords: 20,
    maxTokens: 20,
    lengths: [22],
    specialTokens: tokenizer.special,
  },
  tokenizer,
};
const PICTURES = ['image-00.png', 'image-01.png'].map((name) => fixtureFile('mini-none', name));

function idsOf(hypothesis: string): readonly number[] {
  return [tokenizer.special.bos, ...tokenizer.encode(hypothesis), tokenizer.special.eos];
}

function example(file: string, ...hypotheses: string[]): Example {
  return {
    image: path.basename(file),
    file,
    mediaType: 'image/png',
    sentences: hypotheses.map((hypothesis) => ({ hypothesis })),
  };
}

describe('the questions of calibration', () => {
  test('are about the first 64 pictures of a folder by name, hidden files aside', async () => {
    const folder = tempFolder();
    for (const name of ['.hidden.png', 'z.png']) writeFileSync(path.join(folder, name), 'no picture');
    mkdirSync(path.join(folder, '00'));
    for (let at = 63; at >= 0; at--) {
      copyFileSync(PICTURES[at === 0 ? 0 : 1] ?? '', path.join(folder, `p${String(at).padStart(2, '0')}.png`));
    }
    const { items, record } = await calibrationItems({ ...SOURCE, folder });
    expect(items).toHaveLength(64);
    expect(record).toEqual({ from: 'folder', pictures: 64, sha256: await sumOfPictures(folder) });
    const [first, second, third] = items;
    expect(first?.pixels).not.toEqual(second?.pixels);
    expect(third?.pixels).toEqual(second?.pixels);
    expect(new Set(items.map(({ inputIds }) => inputIds.join(' '))).size).toBe(12);
  });

  test('are first one about each example, then another', async () => {
    const examples = [example(PICTURES[0] ?? '', 'a', 'b', 'c'), example(PICTURES[1] ?? '', 'd')];
    const { items, record } = await calibrationItems({ ...SOURCE, examples });
    expect(items.map(({ inputIds }) => inputIds)).toEqual(['a', 'd', 'b', 'c'].map(idsOf));
    expect(items[2]?.pixels).toEqual(items[0]?.pixels);
    expect(record).toMatchObject({ from: 'examples', pictures: 2 });
  });

  test('are no more than 64, about no more than 64 examples', async () => {
    const many = Array.from({ length: 40 }, () => example(PICTURES[0] ?? '', 'a', 'b', 'c'));
    const { items } = await calibrationItems({ ...SOURCE, examples: many });
    expect(items.map(({ inputIds }) => inputIds)).toEqual(
      Array.from({ length: 64 }, (_, at) => idsOf(at < 40 ? 'a' : 'b')),
    );
    const full = [...many, ...many].slice(0, 64);
    const { record } = await calibrationItems({ ...SOURCE, examples: [...full, example('/missing.png', 'a')] });
    expect(record.pictures).toBe(64);
  });

  test('are about generated pictures that the self-test does not have, where there are no others', async () => {
    const { items } = await calibrationItems(SOURCE);
    expect(items).toHaveLength(16);
    const pictures = [...items.map(({ pixels }) => pixels), ...[0, 1, 2].map((seed) => selfTestImage(seed, 16))];
    expect(new Set(pictures.map((pixels) => pixels.join(' '))).size).toBe(19);
  });

  test('have no sum where a picture cannot be read', async () => {
    const folder = tempFolder();
    copyFileSync(PICTURES[0] ?? '', path.join(folder, 'a.png'));
    mkdirSync(path.join(folder, 'folder'));
    expect(await sumOfPictures(folder)).toMatch(/^[0-9a-f]{64}$/);
    symlinkSync('missing', path.join(folder, 'b.png'));
    expect(await sumOfPictures(folder)).toBeUndefined();
  });
});

test('ranges are those of all items, of maps as a whole and of tokens channel by channel', async () => {
  const ops = new Ops();
  const image = ops.input({ name: GRAPH_IO.image, type: 'uint8', shape: [1, 1, 1, 3] }, ['batch', 1, 1, 3]);
  const maps = ops.cast(image, 'float32');
  const tokens = ops.reshape(maps, [0, -1, 3]);
  const graph = ops.finish('g', [ops.output('y', tokens, ['batch', 1, 3])]);
  const folder = tempFolder();
  const { placements } = await writeGraphs(folder, { 'g.onnx': graph }, { weightsFile: 'g.data' });
  const items = [
    [1, 20, 30],
    [4, 50, 6],
    [2, 40, 10],
  ].map((bytes) => ({ pixels: Uint8Array.from(bytes), inputIds: [0, 2] }));
  const shares: number[] = [];
  const ranges = await measureRanges(graph, new Set([maps.name, tokens.name]), items, {
    folder,
    placements,
    imageSize: 1,
    onProgress: (done, total) => shares.push(done / total),
  });
  expect(ranges).toEqual(
    new Map([
      [maps.name, { min: Float32Array.of(1), max: Float32Array.of(50) }],
      [tokens.name, { min: Float32Array.of(1, 20, 6), max: Float32Array.of(4, 50, 30) }],
    ]),
  );
  expect(shares).toEqual([0, 1 / 3, 2 / 3, 1]);
});
