import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteFile } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { readParquet } from '../../batch/input/parquet.ts';
import { DEFAULT_NAMES, type ColumnNames } from '../../batch/input/columns.ts';
import { openDiskFile } from '../../batch/storage/file.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { rowsOf } from './input.ts';

type Columns = Parameters<typeof parquetWriteFile>[0]['columnData'];

function write(columnData: Columns): string {
  const filename = join(tempFolder(), 'rows.parquet');
  parquetWriteFile({ filename, columnData, rowGroupSize: 6000 });
  return filename;
}

const read = async (file: string, names: ColumnNames = DEFAULT_NAMES): Promise<unknown[]> =>
  rowsOf(readParquet(await openDiskFile(file), names));

test('rows are read from several row groups, with values as JSON has them', async () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => index);
  const file = write([
    { name: 'id', data: numbers.map(BigInt), type: 'INT64' },
    { name: 'image', data: numbers.map((number) => `${number % 7}.jpg`), type: 'STRING' },
    { name: 'text', data: numbers.map((number) => (number % 3 === 0 ? null : `text ${number}`)), type: 'STRING' },
    { name: 'taken', data: numbers.map((number) => new Date(number * 1000)), type: 'TIMESTAMP' },
    { name: 'big', data: numbers.map((number) => 2n ** 60n + BigInt(number)), type: 'INT64' },
  ]);
  const rows = await read(file);
  expect(rows).toHaveLength(10_000);
  for (const number of [0, 4095, 4096, 5999, 6000, 9999]) {
    expect(rows[number]).toEqual({
      id: number,
      image: `${number % 7}.jpg`,
      text: number % 3 === 0 ? null : `text ${number}`,
      taken: new Date(number * 1000).toISOString(),
      big: String(2n ** 60n + BigInt(number)),
    });
  }
});

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/parquet/${name}.parquet`, import.meta.url));

/** Rows of types.parquet, which pyarrow has written. */
const TYPES = [
  {
    image: 'a.jpg',
    int8: -1,
    uint32: 4294967295,
    uint64: '18446744073709551615',
    int64: '9007199254740993',
    half: 1.5,
    double: 0.1,
    price: 0.57,
    key: '12345678901234567890',
    precise: '1234567890.123456789012345678',
    date: '1969-12-31',
    time: '01:02:03.004567',
    milliseconds: '1969-12-31T23:59:59.999Z',
    microseconds: '1969-12-31T23:59:59.999999Z',
    nanoseconds: '1970-01-01T00:00:00.000000001Z',
    local: '1970-01-01T00:00:00.000',
    bytes: '/wA=',
    list: [0.57, null],
    map: { a: '9007199254740993' },
    struct: { at: '2026-01-02', n: null },
    people: [{ name: 'Ann', paid: 0.07 }],
  },
  undefined,
  {
    image: 'c.jpg',
    int8: 127,
    uint32: 0,
    uint64: 7,
    int64: -5,
    half: -2,
    double: 'NaN',
    price: -19.9,
    key: 42,
    precise: 1e-18,
    date: '2026-11-29',
    time: '23:59:59.000',
    milliseconds: '2024-11-29T00:00:00.123Z',
    microseconds: '2024-11-29T00:00:00.123Z',
    nanoseconds: '2024-11-29T00:00:00.123456789Z',
    local: '2024-11-29T00:00:00.123456',
    bytes: 'text',
    list: [],
    map: {},
    struct: { at: null, n: 3 },
    people: [null],
  },
] as const;

test('no digit of a value is lost, whatever its type', async () => {
  const [first, empty, last] = await read(fixture('types'));
  expect([first, last]).toEqual([TYPES[0], TYPES[2]]);
  expect(empty).toEqual({ ...Object.fromEntries(Object.keys(TYPES[0]).map((name) => [name, null])), image: 'b.jpg' });
});

test('times of 96 bits and decimals in integers are read, too', async () => {
  const [first, , last] = await read(fixture('types-int96-integers'));
  // Times of 96 bits do not say whether they are local.
  expect(first).toEqual({ ...TYPES[0], local: '1970-01-01T00:00:00.000Z' });
  expect(last).toEqual({ ...TYPES[2], local: '2024-11-29T00:00:00.123456Z' });
});

test('values that are stored as differences are read', async () => {
  for (const row of [0, 2] as const) {
    const { image, int64, uint32, date, microseconds } = TYPES[row];
    expect((await read(fixture('types-delta')))[row]).toEqual({ image, int64, uint32, date, microseconds });
  }
});

test.each(['pictures', 'pictures-with-paths'])('pictures may be in the rows: %s', async (name) => {
  const file = fixture(name);
  const place = name === 'pictures' ? `${file}/1` : 'first.jpg';
  const found: unknown[] = [];
  for await (const row of readParquet(await openDiskFile(file), DEFAULT_NAMES)) {
    if ('damage' in row) expect.fail(row.damage);
    const bytes = await row.picture?.read(new AbortController().signal);
    expect(bytes?.length).toBe(row.picture?.size);
    found.push([row.fields, bytes && Buffer.from(bytes)]);
  }
  const images = new URL('../fixtures/images/', import.meta.url);
  expect(found).toEqual([
    [{ image: place, text: 'one' }, readFileSync(new URL('size-64x64.jpg', images))],
    [{ image: `${file}/2`, text: 'two' }, readFileSync(new URL('png-1bit.png', images))],
    [{ image: 'c.jpg', text: 'three' }, undefined],
  ]);
});

test('a text that is marked as such may have any character', async () => {
  const file = write([
    { name: 'image', data: ['a'], type: 'STRING' },
    { name: 'text', data: ['x\0y'], type: 'STRING' },
  ]);
  expect(await read(file)).toEqual([{ image: 'a', text: 'x\0y' }]);
});

test.each(['id', 'text', 'premise'])('texts of %s need no mark, but have to be UTF-8', async (column) => {
  const names = { ...DEFAULT_NAMES, text: 'caption', [column]: 'text' };
  expect(await read(fixture('unmarked-texts'), names)).toEqual([
    { image: 'a', text: 'café' },
    'The column "text" is not UTF-8.',
  ]);
});

test('a column of lists may be that of texts', async () => {
  const [first, empty] = await read(fixture('types'), { ...DEFAULT_NAMES, texts: 'list' });
  expect([first, empty]).toMatchObject([{ list: TYPES[0].list }, { list: null }]);
});

test('pictures in a column that is not read are passed through in base64', async () => {
  const [row] = await read(fixture('pictures-with-paths'), { ...DEFAULT_NAMES, image: 'text', text: 'caption' });
  const picture = readFileSync(new URL('../fixtures/images/size-64x64.jpg', import.meta.url));
  expect(row).toEqual({ image: { bytes: picture.toString('base64'), path: 'first.jpg' }, text: 'one' });
});

test('values that JSON or a Date cannot have keep their digits, or stay what they are', async () => {
  const filename = join(tempFolder(), 'rows.parquet');
  const column = (name: string, element: Omit<SchemaElement, 'name'>): SchemaElement => ({
    name,
    repetition_type: 'REQUIRED',
    ...element,
  });
  const values = [
    [column('image', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }), 'a.jpg'],
    [column('json', { type: 'BYTE_ARRAY', converted_type: 'JSON' }), { n: [1, null] }],
    [column('binary', { type: 'BYTE_ARRAY' }), 'a\0b'],
    [column('mark', { type: 'BYTE_ARRAY' }), '\ufeffa'],
    [column('date', { type: 'INT32', converted_type: 'DATE' }), 2 ** 31 - 1],
    [column('timestamp', { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }), 2n ** 62n],
    [column('time', { type: 'INT64', converted_type: 'TIME_MICROS' }), 2n ** 62n + 1n],
    [column('whole', { type: 'INT64', converted_type: 'DECIMAL', precision: 18 }), 123n],
  ] as const;
  parquetWriteFile({
    filename,
    columnData: values.map(([{ name, type }, value]) => ({
      name,
      data: [type === 'BYTE_ARRAY' && typeof value === 'string' ? Buffer.from(value) : value],
    })),
    schema: [{ name: 'root', num_children: values.length }, ...values.map(([element]) => element)],
  });
  expect(await read(filename)).toEqual([
    {
      image: 'a.jpg',
      json: { n: [1, null] },
      binary: 'YQBi',
      mark: '\ufeffa',
      date: 2 ** 31 - 1,
      timestamp: '4611686018427387904',
      time: '4611686018427387905',
      whole: 123,
    },
  ]);
});

test('the whole file counts for what identifies the input', async () => {
  const file = write([{ name: 'image', data: ['a.jpg'], type: 'STRING' }]);
  const seen: Uint8Array[] = [];
  await rowsOf(readParquet(await openDiskFile(file), DEFAULT_NAMES, (bytes) => seen.push(bytes)));
  expect(Buffer.concat(seen).equals(readFileSync(file))).toBe(true);
});

test.each<[Columns, string]>([
  [
    [
      { name: 'photo', data: ['a'], type: 'STRING' },
      { name: 'size', data: [1], type: 'INT32' },
    ],
    'has no column "image": name the right one with --column image=NAME; its columns are: photo (text), size (int32).',
  ],
  [
    [{ name: 'image', data: [5], type: 'INT32' }],
    'has a column "image" that is not of paths or pictures; its columns are: image (int32).',
  ],
  ...['text', 'premise'].map((name): [Columns, string] => [
    [
      { name: 'image', data: ['a'], type: 'STRING' },
      { name, data: [5], type: 'INT32' },
    ],
    `has a column "${name}" that is not of texts; its columns are: image (text), ${name} (int32).`,
  ]),
  [
    [
      { name: 'image', data: ['a'], type: 'STRING' },
      { name: 'texts', data: ['b'], type: 'STRING' },
    ],
    'has a column "texts" that is not of lists; its columns are: image (text), texts (text).',
  ],
  [
    [
      { name: 'image', data: ['a'], type: 'STRING' },
      { name: 'image', data: ['b'], type: 'STRING' },
    ],
    'has more than one column "image"; its columns are: image (text).',
  ],
])('a file with other columns is refused: %j', async (columns, message) => {
  const file = write(columns);
  await expect(read(file)).rejects.toMatchObject({
    code: 'input-unreadable',
    message: `The Parquet file ${file} ${message}`,
  });
});

test('a file that is cut off, damaged or encrypted is refused', async () => {
  const file = write([{ name: 'image', data: Array.from({ length: 500 }, (_, n) => `${n}.jpg`), type: 'STRING' }]);
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 20));
  await expect(read(file)).rejects.toMatchObject({
    code: 'input-unreadable',
    message: expect.stringMatching(/rows\.parquet is not a readable Parquet file: .*\.$/) as string,
  });
  writeFileSync(file, Buffer.concat([bytes.subarray(0, -4), Buffer.from('PARE')]));
  await expect(read(file)).rejects.toThrow(`${file} is not a readable Parquet file: it is encrypted.`);
  await expect(read(fixture('encrypted-column'))).rejects.toThrow('it has encrypted columns (price).');
});
