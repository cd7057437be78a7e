import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { tempFolder } from '../../testing/temp-folder.ts';
import { pictureFolder, resultsIn, testRows, writeRows } from './rows.ts';
import { stubRuns } from './stub-runs.ts';

const run = stubRuns();
/** A token of the fixture's vocabulary, and a text that contains it. */
const MARKED = { token: 338, text: 'there are circles' };
let pictures = '';

beforeAll(() => {
  pictures = pictureFolder();
});

describe('a row that fails stops nothing', () => {
  test('pictures that cannot be read', async () => {
    const folder = pictureFolder();
    const outside = pictureFolder();
    symlinkSync(join(outside, 'image-00.png'), join(folder, 'link.png'));
    writeFileSync(join(folder, 'empty.png'), '');
    const rows = ['missing.png', 'link.png', '../../etc/passwd', 'empty.png', '.', 'image-00.png'];
    const input = writeRows(
      folder,
      rows.map((image, id) => ({ id, image, text: 'a dog' })),
    );
    const output = join(tempFolder(), 'out');
    const { tally } = await run({ input, output });
    expect([tally.rows, tally.failedRows]).toEqual([6, 5]);
    const errors = resultsIn(join(output, 'part-00000.jsonl')).map(({ error }) => error);
    const inFolder = '; --allow-outside reads it nevertheless.';
    expect(errors).toEqual([
      {
        code: 'unreadable-image',
        detail: 'Cannot read the image missing.png: no such file or folder.',
        field: 'image',
      },
      {
        code: 'image-outside-folder',
        detail: `The image link.png is outside of the folder of images${inFolder}`,
        field: 'image',
      },
      expect.objectContaining({ code: expect.stringMatching(/unreadable-image|image-outside-folder/) as string }),
      { code: 'invalid-field', detail: 'The field "image" is empty.', field: 'image' },
      {
        code: 'unreadable-image',
        detail: 'Cannot read the image .: it is a folder, not a regular file.',
        field: 'image',
      },
      undefined,
    ]);
    const allowed = join(tempFolder(), 'out');
    await run({ input, output: allowed, source: { allowOutside: true } });
    expect(resultsIn(join(allowed, 'part-00000.jsonl'))[1]).toHaveProperty('label');
  });

  test('a picture in a data URI, which is repeated in part', async () => {
    const short = `data:image/png;base64,${'A'.repeat(100)}`;
    const long = `data:image/png;base64,${'A'.repeat(5000)}`;
    const rows = [long, short, 'x'.repeat(300), `https://example.org/${'x'.repeat(500)}`].map((image) => ({
      image,
      text: 'a dog',
    }));
    const output = join(tempFolder(), 'out');
    await run({ input: writeRows(pictureFolder(), rows), output });
    const errors = resultsIn(join(output, 'part-00000.jsonl')).map(({ error }) => (error as { detail: string }).detail);
    const advice = 'it is in an address; write it into a file, or as bytes into a column of Parquet.';
    expect(errors).toEqual([
      `The image ${long.slice(0, 149)}…${long.slice(-50)} is not fetched: ${advice}`,
      `The image ${short} is not fetched: ${advice}`,
      `Cannot read the image ${'x'.repeat(149)}…${'x'.repeat(50)}: the path, or a name in it, is too long.`,
      expect.stringMatching(
        /^The image https:\/\/example.org\/x{129}…x{50} is not fetched: the host example.org is not one /,
      ),
    ]);
  });

  test.each([
    ['their number is the id of another', [0, 1, 2, 3, 4], [0, 1, 'row 3', 'row 4', 4]],
    ['all have their number', [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]],
    ['rows have none', [undefined, undefined, undefined, undefined, undefined], [1, 2, 3, 4, 5]],
  ])('lines and ids that cannot be read, where %s', async (_, own, ids) => {
    const rows: object[] = own.map((id) => ({ id, image: 'image-00.png', text: 'a dog' }));
    rows.splice(2, 2, [], { id: [3], image: 'image-00.png', text: 'a dog' });
    const output = join(tempFolder(), 'out');
    const { tally } = await run({ input: writeRows(pictureFolder(), rows), output });
    expect([tally.rows, tally.failedRows]).toEqual([5, 2]);
    expect(resultsIn(join(output, 'part-00000.jsonl')).map(({ id }) => id)).toEqual(ids);
  });

  test('an item that crashes engines', async () => {
    const rows = [
      ...testRows(20).filter(({ text }) => !text.startsWith(MARKED.text)),
      { id: 'bad', image: 'image-00.png', text: MARKED.text },
    ];
    const output = join(tempFolder(), 'out');
    const special = { instructions: { poison: MARKED.token } };
    const { tally } = await run({ input: writeRows(pictures, rows), output, special });
    expect([tally.rows, tally.failedRows]).toEqual([rows.length, 1]);
    expect(resultsIn(join(output, 'part-00000.jsonl')).at(-1)).toMatchObject({
      id: 'bad',
      error: { code: 'unavailable' },
    });
  });

  test('unless more fail than are allowed', async () => {
    const rows = testRows(60).map((row, index) => (index % 10 === 9 ? { ...row, image: 'missing.png' } : row));
    const input = writeRows(pictures, rows);
    const output = join(tempFolder(), 'out');
    await expect(run({ input, output, maxFailures: 2 })).rejects.toMatchObject({
      code: 'too-many-failures',
      message:
        'Stopped after 30 of 60 rows, of which 3 failed and --max-failures allows 2. The same command with a larger number goes on from there.',
    });
    expect(await run({ input, output, maxFailures: 6 })).toMatchObject({ computed: 30, tally: { failedRows: 6 } });
  });
});

test('an output where no file can be made is refused', async () => {
  const input = writeRows(pictures, testRows(3));
  await expect(run({ input, output: '/proc/self' })).rejects.toMatchObject({ code: 'output-not-writable' });
  await expect(run({ input, output: join(input, 'a', 'b') })).rejects.toMatchObject({
    code: 'output-not-writable',
    message: `Cannot write ${join(input, 'a', 'b')}: part of the path is not a folder.`,
  });
});

test('an engine that does not start ends the run, and what is there stays', async () => {
  const input = writeRows(pictures, testRows(3));
  const output = join(tempFolder(), 'out');
  const failed = run({ input, output, special: { instructions: { start: 'exit' } } });
  await expect(failed).rejects.toMatchObject({ code: 'engine-failed' });
  expect(await run({ input, output })).toMatchObject({ computed: 3 });
});

test.each([
  [
    [{ id: 1, foto: 'a', text: 'b' }],
    'No row of the input has the column "image"; the first row has: id, foto, text. Name the right one with --column image=NAME.',
  ],
  [
    [{ id: 1, image: 'a' }],
    'No row of the input has the column "text" or "texts"; the first row has: id, image. Name the right one with --column text=NAME, or give the texts with --text.',
  ],
  [[5], 'No row of the input can be read. The first: The line is JSON, but not an object.'],
  [
    [
      { id: 'x', image: 'a', text: 'b' },
      { id: 'y', image: 'a', text: 'b' },
      { id: 'x', image: 'c', text: 'd' },
    ],
    'Rows 1 and 3 of the input have the same id, "x": each row needs an id of its own. Without the column, rows are numbered from 1.',
  ],
  [
    Array.from({ length: 2 }, () => ({ id: 'x'.repeat(300), image: 'a', text: 'b' })),
    `Rows 1 and 2 of the input have the same id, "${'x'.repeat(149)}…${'x'.repeat(50)}": each row needs an id of its own. Without the column, rows are numbered from 1.`,
  ],
])('an input such as %j is refused before anything is computed', async (rows, message) => {
  const output = join(tempFolder(), 'out');
  const input = writeRows(pictures, rows as object[], 'bad.jsonl');
  await expect(run({ input, output })).rejects.toMatchObject({ code: 'input-unreadable', message });
  expect(readdirSync(output)).toEqual([]);
});
