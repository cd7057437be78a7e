import { mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../model/errors.ts';
import { findExamples, readExamples, writeExamples } from '../../../model/package/examples.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const ANSWERS = ['yes', 'no', 'maybe'];
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const whole = { image: 'dog.jpg', sentences: [{ hypothesis: 'a dog', answer: 'yes' }] };

let folder = '';
beforeEach(async () => {
  folder = tempFolder();
  await writeFile(path.join(folder, 'dog.jpg'), JPEG);
});

async function list(value: unknown): Promise<void> {
  const text = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value);
  await writeFile(path.join(folder, 'examples.json'), text);
}

describe('examples', () => {
  it('are read with their pictures, whose types do not depend on file names', async () => {
    await writeFile(path.join(folder, 'b'), '\x89PNG\r\n\x1a\n', 'latin1');
    await writeFile(path.join(folder, 'c'), 'RIFF\x01\x02\x03\x04WEBPVP8 ', 'latin1');
    await writeFile(path.join(folder, 'd'), 'GIF89a', 'latin1');
    await list([whole, ...['b', 'c', 'd'].map((image) => ({ ...whole, image, alt: 'A dog on grass' }))]);
    const { examples, problems } = await readExamples(folder, ANSWERS);
    expect(problems).toEqual([]);
    expect(examples[0]).toEqual({ ...whole, file: path.join(folder, 'dog.jpg'), mediaType: 'image/jpeg' });
    expect(examples.map(({ mediaType }) => mediaType)).toEqual(['image/jpeg', 'image/png', 'image/webp', 'image/gif']);
    expect(examples[1]?.alt).toBe('A dog on grass');
  });

  it('are optional', async () => {
    expect(await readExamples(folder, ANSWERS)).toEqual({ examples: [], problems: [] });
    expect(await readExamples(path.join(folder, 'nothing'), ANSWERS)).toEqual({ examples: [], problems: [] });
  });

  it.each([
    ['not JSON', '[{', /examples\.json is not JSON\.$/],
    ['not UTF-8', Buffer.from('["\u00e9"]', 'latin1'), /examples\.json cannot be read: it is not UTF-8; .+\.$/],
    ['not a list', { examples: [] }, /is not a list of examples\.$/],
  ])('in a list that is %s are reported', async (_, value, sentence) => {
    await list(value);
    const { examples, problems } = await readExamples(folder, ANSWERS);
    expect([examples, problems]).toEqual([[], [expect.stringMatching(sentence)]]);
  });

  it.each([
    ['has no picture', { ...whole, image: undefined }, 'image must be the name of a picture'],
    [
      'is in another folder',
      { ...whole, image: '../dog.jpg' },
      'image must be the name of a picture in the same folder',
    ],
    ['is missing', { ...whole, image: 'cat.jpg' }, 'cat.jpg cannot be read: no such file or folder'],
    [
      'is not a picture',
      { ...whole, image: 'examples.json' },
      'examples.json is not a JPEG, PNG, WebP, AVIF or GIF file',
    ],
    [
      'is not a picture that browsers show',
      { ...whole, image: 'dog.tiff' },
      'dog.tiff is not a JPEG, PNG, WebP, AVIF or GIF file',
    ],
    ['has a large picture', { ...whole, image: 'large.jpg' }, 'large.jpg is larger than 10 MiB'],
    [
      'has many sentences',
      { ...whole, sentences: Array(33).fill({ hypothesis: 'a' }) },
      'sentences must not hold more than 32 sentences',
    ],
    ['is a folder', { ...whole, image: '..' }, '.. cannot be read: it is a folder, not a regular file'],
    ['has no sentences', { ...whole, sentences: [] }, 'sentences must hold at least one sentence'],
    [
      'has an empty sentence',
      { ...whole, sentences: [{ hypothesis: '' }] },
      'sentences.0.hypothesis must not be empty',
    ],
    [
      'expects an answer that the model does not have',
      { ...whole, sentences: [{ hypothesis: 'a', answer: 'ja' }] },
      `the answer "ja" is not one of the model's, which are yes, no, maybe`,
    ],
    ['has an unknown field', { ...whole, text: 'a' }, '"text" is not a known field'],
    ['is a string', 'dog.jpg', 'it must be an object'],
  ])('one that %s is skipped and reported, without affecting the others', async (_, entry, sentence) => {
    await writeFile(path.join(folder, 'dog.tiff'), 'II*\0');
    await writeFile(path.join(folder, 'large.jpg'), JPEG);
    await truncate(path.join(folder, 'large.jpg'), 10 * 2 ** 20 + 1);
    await list([entry, whole]);
    const { examples, problems } = await readExamples(folder, ANSWERS);
    expect(examples.map(({ image }) => image)).toEqual(['dog.jpg']);
    expect(problems).toEqual([`Example 1 of ${path.join(folder, 'examples.json')}: ${sentence}.`]);
  });

  it('are limited to 100, with 32 sentences about a picture of 10 MiB', async () => {
    await truncate(path.join(folder, 'dog.jpg'), 10 * 2 ** 20);
    const largest = { ...whole, sentences: Array<object>(32).fill({ hypothesis: 'a dog' }) };
    await list(Array(100).fill(largest));
    const most = await readExamples(folder, ANSWERS);
    expect([most.examples.length, most.problems]).toEqual([100, []]);
    await list(Array(101).fill(whole));
    const { examples, problems } = await readExamples(folder, ANSWERS);
    expect(examples).toHaveLength(100);
    expect(problems).toEqual([expect.stringContaining('101 examples')]);
  });
});

describe('a package', () => {
  it("gets the checkpoint's examples or those of a given folder, and no other files", async () => {
    const checkpoint = path.join(folder, 'checkpoint');
    await mkdir(path.join(checkpoint, 'examples'), { recursive: true });
    await writeFile(path.join(checkpoint, 'examples', 'cat.jpg'), JPEG);
    await writeFile(path.join(checkpoint, 'examples', 'notes.txt'), 'private');
    await writeFile(
      path.join(checkpoint, 'examples', 'examples.json'),
      JSON.stringify([{ ...whole, image: 'cat.jpg' }]),
    );
    await list([whole, whole]);
    for (const [given, picture] of [
      [undefined, 'cat.jpg'],
      [folder, 'dog.jpg'],
    ] as const) {
      const target = tempFolder();
      await writeExamples(target, await findExamples(checkpoint, given, ANSWERS));
      expect((await readdir(path.join(target, 'examples'))).sort()).toEqual([picture, 'examples.json']);
      expect(await readFile(path.join(target, 'examples', picture))).toEqual(JPEG);
      const { examples, problems } = await readExamples(path.join(target, 'examples'), ANSWERS);
      expect([examples.length, problems]).toEqual([given === undefined ? 1 : 2, []]);
    }
  });

  it('has no folder without examples', async () => {
    await writeExamples(folder, await findExamples(folder, undefined, ANSWERS));
    expect(await readdir(folder)).toEqual(['dog.jpg']);
  });

  it('cannot have invalid examples, or none if a folder is given', async () => {
    const checkpoint = tempFolder();
    await expect(findExamples(checkpoint, folder, ANSWERS)).rejects.toThrow(/has no examples\.json/);
    await list([{ ...whole, image: 'cat.jpg' }]);
    const refused = findExamples(checkpoint, folder, ANSWERS);
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(/cat\.jpg cannot be read: no such file or folder\. Correct it\.$/);
    await rename(folder, path.join(checkpoint, 'examples'));
    const own = findExamples(checkpoint, undefined, ANSWERS);
    await expect(own).rejects.toThrow(/no such file or folder\. Correct it, or remove the folder\.$/);
  });
});
