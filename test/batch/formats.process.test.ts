import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteFile } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { mergeRuns } from '../../batch/merge.ts';
import { writeTar } from '../../testing/tars.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { pictureFolder, resultsIn, testRows, writeRows, type TestRow } from './rows.ts';
import { stubRuns } from './stub-runs.ts';

const run = stubRuns();

/** The answers to rows, whatever their ids and images are called. */
async function answersTo(input: string, images?: string): Promise<unknown[]> {
  const output = join(tempFolder(), 'out');
  const { tally } = await run({ input, output, source: { images } });
  expect(tally.failedRows).toBe(0);
  return resultsIn(join(output, 'part-00000.jsonl')).map(({ text, scores }) => ({ text, scores }));
}

function writeParquet(file: string, rows: readonly TestRow[]): string {
  parquetWriteFile({
    filename: file,
    columnData: [
      { name: 'id', data: rows.map(({ id }) => id), type: 'STRING' },
      { name: 'image', data: rows.map(({ image }) => image), type: 'STRING' },
      { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' },
    ],
  });
  return file;
}

test('the same rows get the same answers from each kind of input', async () => {
  const folder = pictureFolder();
  const rows = testRows(40);
  const expected = await answersTo(writeRows(folder, rows));
  const picture = (name: string): Buffer => readFileSync(join(folder, name));

  expect(await answersTo(writeParquet(join(folder, 'rows.parquet'), rows))).toEqual(expected);
  const csv = join(folder, 'rows.csv');
  writeFileSync(csv, ['id,image,text', ...rows.map((row) => `${row.id},${row.image},${row.text}`)].join('\n'));
  expect(await answersTo(csv)).toEqual(expected);

  const shards = tempFolder();
  for (const [index, half] of [rows.slice(0, 25), rows.slice(25)].entries()) {
    const members = half.flatMap(({ id, image, text }) => [
      [`${id}.png`, picture(image)],
      [`${id}.txt`, Buffer.from(text)],
    ]);
    writeTar(join(shards, `${index}.tar`), Object.fromEntries(members) as Record<string, Buffer>);
  }
  expect(await answersTo(join(shards, '*.tar'))).toEqual(expected);
  expect(await answersTo(shards)).toEqual(expected);
  // The last shard starts in the second tar.
  const output = join(tempFolder(), 'out');
  for (const index of [2, 0, 1]) await run({ input: shards, output, shard: { index, count: 3 } });
  const merged = join(output, 'all.jsonl');
  await mergeRuns([output], merged);
  expect(resultsIn(merged).map(({ text, scores }) => ({ text, scores }))).toEqual(expected);

  const names = [...new Set(rows.map(({ image }) => image))];
  const tar = writeTar(join(tempFolder(), 'all.tar'), Object.fromEntries(names.map((name) => [name, picture(name)])));
  expect(await answersTo(csv, tar)).toEqual(expected);
});

test('files of rows whose lines have moved from one to another are another input', async () => {
  const images = pictureFolder();
  const folder = join(images, 'rows');
  mkdirSync(folder);
  const [first, second] = testRows(2).map((row) => `image,text\n${row.image},${row.text}\n`);
  const output = join(tempFolder(), 'out');
  const runWith = (...files: string[]): ReturnType<typeof run> => {
    for (const [index, text] of files.entries()) writeFileSync(join(folder, `${index}.csv`), text);
    return run({ input: folder, output, source: { images } });
  };
  expect((await runWith(`${first}`, `${second}`)).tally.rows).toBe(2);
  // The second heading is a row now.
  await expect(runWith(`${first}${second}`, '')).rejects.toMatchObject({
    code: 'output-not-writable',
    message: expect.stringContaining('has results of another input') as unknown,
  });
});

test('a folder of pictures takes no other folder of images, and no format of rows', async () => {
  const input = pictureFolder();
  const output = join(tempFolder(), 'out');
  for (const source of [{ images: input }, { format: 'csv' }] as const) {
    await expect(run({ input, output, texts: ['a'], source })).rejects.toMatchObject({
      code: 'settings-invalid',
      message: 'A folder or pattern of pictures takes neither --images nor --format.',
    });
  }
});

test('files of rows in one folder are one input, and those of several kinds are refused', async () => {
  const folder = join(pictureFolder(), 'rows');
  mkdirSync(folder);
  const rows = testRows(30);
  writeRows(folder, rows.slice(20), '2.jsonl');
  writeRows(folder, rows.slice(0, 20), '1.jsonl');
  const output = join(tempFolder(), 'out');
  await run({ input: folder, output, source: { images: join(folder, '..') } });
  expect(resultsIn(join(output, 'part-00000.jsonl')).map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  writeFileSync(join(folder, '3.csv'), 'image\n');
  await expect(run({ input: folder, output })).rejects.toMatchObject({
    code: 'input-unreadable',
    message: `The input ${folder} has files of several kinds (jsonl, csv): give those of one kind, by a pattern such as ${join(folder, '*.jsonl')}.`,
  });
  await expect(run({ input: tempFolder(), output })).rejects.toThrow(
    /has no pictures and no rows \(jpg, .*parquet, tar\)/,
  );
});

/** A folder of rows beside the pictures, and the options to run it. */
function table(files: Readonly<Record<string, string | Buffer>>): { input: string; source: { images: string } } {
  const images = pictureFolder();
  const input = join(images, 'table');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(input, name)), { recursive: true });
    writeFileSync(join(input, name), content);
  }
  return { input, source: { images } };
}

test('a folder that Spark has written has its rows in files of any ending, and others that begin with _', async () => {
  const line = (id: number): string => `${JSON.stringify({ ...testRows(1)[0], id })}\n`;
  const json = { 'part-0.json': line(1), 'part-1.json': line(2), _SUCCESS: '', '_delta_log/0.json': '{"add":1}\n' };
  for (const [files, rows] of [
    [json, 2],
    // JSON beside other files of rows is about them.
    [{ 'a.jsonl': line(1), '_b.jsonl': line(2), 'dataset_info.json': '{\n"rows": 1\n}\n' }, 1],
  ] as const) {
    const { tally } = await run({ ...table(files), output: join(tempFolder(), 'out') });
    expect(tally).toMatchObject({ rows, failedRows: 0 });
  }
  const tsv = 'image\ttext\nimage-00.png\ta\n';
  const tabs = table({ 'part-0.csv': tsv, 'part-1.csv': tsv, _SUCCESS: '' });
  const source = { ...tabs.source, format: 'tsv' } as const;
  const { tally } = await run({ ...tabs, source, output: join(tempFolder(), 'out') });
  expect(tally).toMatchObject({ rows: 2, failedRows: 0 });
  const packed = table({ 'part-0.json.gz': gzipSync(line(1)) });
  await expect(run({ ...packed, output: join(tempFolder(), 'out') })).rejects.toThrow(
    /part-0\.json\.gz ends with \.gz: unpack it first/,
  );
});

test('the folders of a partitioned table are columns, and part of what the results are of', async () => {
  const csv = 'image,price\nimage-00.png,3\n';
  const { input, source } = table({
    'text=a red%3A square/day=1/0.csv': csv,
    'text=b/day=__HIVE_DEFAULT_PARTITION__/0.csv': csv,
    'text=100%/price=4/0.csv': csv,
  });
  const output = join(tempFolder(), 'out');
  expect((await run({ input, output, source })).tally).toMatchObject({ rows: 3, failedRows: 0 });
  expect(resultsIn(join(output, 'part-00000.jsonl'))).toMatchObject([
    { text: '100%', columns: { price: '3' } },
    { text: 'a red: square', columns: { day: '1', price: '3' } },
    { text: 'b', columns: { day: null, price: '3' } },
  ]);
  renameSync(join(input, 'text=a red%3A square', 'day=1'), join(input, 'text=a red%3A square', 'day=2'));
  await expect(run({ input, output, source })).rejects.toThrow('has results of another input');
});

test('pictures are those by the endings that browsers and Pillow give their formats', async () => {
  const names = ['a.jpe', 'b.jfif', 'c.JFIF', 'd.apng', 'e.avifs', 'f.tif'];
  const members = Object.fromEntries(names.map((name) => [name, readFileSync(join(pictureFolder(), 'image-00.png'))]));
  const folder = tempFolder();
  for (const [name, content] of Object.entries(members)) writeFileSync(join(folder, name), content);
  for (const input of [folder, writeTar(join(tempFolder(), 'shard.tar'), members)]) {
    const { tally } = await run({ input, output: join(tempFolder(), 'out'), texts: ['a'] });
    expect(tally).toMatchObject({ rows: names.length, failedRows: 0 });
  }
});

test('a pattern of files without known endings has pictures, or needs the format of its rows', async () => {
  const folder = pictureFolder();
  const files = (name: string): { input: string; output: string } => ({
    input: join(folder, name),
    output: join(tempFolder(), 'out'),
  });
  writeRows(folder, testRows(3), 'day-1.txt');
  await expect(run({ ...files('day-*.txt'), texts: ['a'] })).rejects.toMatchObject({
    code: 'settings-invalid',
    message: `The pattern ${join(folder, 'day-*.txt')} matches ${join(folder, 'day-1.txt')}, which is no picture and has none of the endings .jsonl, .ndjson, .json, .csv, .tsv, .parquet, .tar; name the format of its rows with --format.`,
  });
  const tally = { rows: 3, failedRows: 0 };
  expect(await run({ ...files('day-*.txt'), source: { format: 'jsonl' } })).toMatchObject({ tally });
  for (const [index, name] of ['image-00.png', 'image-01.png', 'image-02.png'].entries()) {
    cpSync(join(folder, name), join(folder, `upload-${index}`));
  }
  expect(await run({ ...files('upload-*'), texts: ['a'] })).toMatchObject({ tally });
  writeFileSync(join(folder, 'rows.csv.gz'), gzipSync('image,text'));
  await expect(run({ ...files('*.csv.gz'), texts: ['a'] })).rejects.toThrow('*.csv.gz ends with .gz: unpack it first');
});

test('folders may have the characters of patterns in their names, and hidden files', async () => {
  const rows = testRows(6);
  const expected = await answersTo(writeRows(pictureFolder(), rows));
  for (const name of ['shoes (1)', 'shoes [new]', 'shoes *']) {
    const folder = join(tempFolder(), name);
    cpSync(pictureFolder(), folder, { recursive: true });
    const input = writeRows(folder, rows);
    expect(await answersTo(input)).toEqual(expected);
    expect(await answersTo(input, folder)).toEqual(expected);
    writeFileSync(join(folder, '._image-00.png'), 'of macOS');
    const { tally } = await run({ input: folder, output: join(tempFolder(), 'out'), texts: ['a'] });
    expect(tally).toMatchObject({ rows: 3, failedRows: 0 });
  }
});

test.each(['results', '.'])('results in %s of the folder of the input are no input later', async (place) => {
  for (const shard of [undefined, { index: 0, count: 2 }]) {
    const folder = tempFolder();
    const output = join(folder, place);
    writeRows(folder, testRows(25), 'part-1.jsonl');
    const command = { input: folder, output, source: { images: pictureFolder() }, partRows: 10, shard };
    const rows = shard === undefined ? 25 : 12;
    expect(await run(command)).toMatchObject({ computed: rows, tally: { rows } });
    expect(await run({ ...command, input: join(folder, '**/*.jsonl') })).toMatchObject({ computed: 0 });
    expect(await run(command)).toMatchObject({ computed: 0 });
  }
});

test.each([
  ['rows.csv', gzipSync('image,text\n'), 'is compressed: unpack it with gunzip.'],
  ['rows.jsonl', Buffer.from('PK\x03\x04...'), 'is a ZIP archive or a spreadsheet: unpack it, or save it as CSV.'],
  ['rows.tsv', Buffer.from('PAR1....'), 'is Parquet: read it with --format parquet.'],
  [
    'array.json',
    Buffer.from('\ufeff\n[{"image":"a.png"},\n{"image":"b.png"}]'),
    "is a JSON array: write each object on a line of its own, as jq -c '.[]' does.",
  ],
  [
    'indented.json',
    Buffer.from('{\r\n  "image": "a.png"\n}\n'),
    "is JSON over several lines: write each object on a line of its own, as jq -c '.' does.",
  ],
])('%s that is no file of rows is refused with what it is', async (name, content, message) => {
  const input = join(tempFolder(), name);
  writeFileSync(input, content);
  await expect(run({ input, output: join(tempFolder(), 'out') })).rejects.toMatchObject({
    code: 'input-unreadable',
    message: `The input ${input} ${message}`,
  });
});

test.each(['rows.csv.gz', 'shard.tar.gz', 'shard.tgz', 'rows.jsonl.ZST', 'photos.zip'])(
  'compressed files are refused: %s as input and as images',
  async (name) => {
    const file = join(tempFolder(), name);
    writeFileSync(file, gzipSync('packed'));
    const output = join(tempFolder(), 'out');
    await expect(run({ input: file, output, texts: ['a'] })).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `The input ${file} ends with ${name.slice(name.lastIndexOf('.'))}: unpack it first, as compressed files are not read.`,
    });
    const input = writeRows(pictureFolder(), testRows(1));
    await expect(run({ input, output, source: { images: file } })).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `--images is the file ${file}; it must be a folder, a tar that is not compressed, or a quoted pattern of such tars.`,
    });
  },
);

test('a tar that is cut off is refused before anything is computed, as input and as images', async () => {
  const folder = pictureFolder();
  const tar = writeTar(join(folder, 'cut.tar'), { 'a.png': readFileSync(join(folder, 'image-00.png')), 'a.txt': 'a' });
  writeFileSync(tar, readFileSync(tar).subarray(0, 1000));
  const refusal = {
    code: 'input-unreadable',
    message: `The tar ${tar} is cut off (complete files: 0): copy or download it again.`,
  };
  const output = join(tempFolder(), 'out');
  await expect(run({ input: tar, output })).rejects.toMatchObject(refusal);
  const rows = writeRows(folder, testRows(3));
  await expect(run({ input: rows, output, source: { images: tar } })).rejects.toMatchObject(refusal);
});
