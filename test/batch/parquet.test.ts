import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteFile } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { readParquet } from '../../batch/input/parquet.ts';
import type { ColumnNames } from '../../batch/input/row.ts';
import { openDiskFile } from '../../batch/storage/file.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { NAMES, rowsOf } from './input.ts';

type Columns = Parameters<typeof parquetWriteFile>[0]['columnData'];

function write(columnData: Columns, rowGroupSize = 6000): string {
  const filename = join(tempFolder(), 'rows.parquet');
  parquetWriteFile({ filename, columnData, rowGroupSize });
  return filename;
}

const read = async (file: string, names: ColumnNames = NAMES): Promise<unknown[]> =>
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

test('the whole file counts for what identifies the input', async () => {
  const file = write([{ name: 'image', data: ['a.jpg'], type: 'STRING' }]);
  const seen: Uint8Array[] = [];
  await rowsOf(readParquet(await openDiskFile(file), NAMES, (bytes) => seen.push(bytes)));
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
    'has a column "image" that is not of texts; its columns are: image (int32).',
  ],
  [
    [
      { name: 'image', data: ['a'], type: 'STRING' },
      { name: 'texts', data: ['b'], type: 'STRING' },
    ],
    'has a column "texts" that is not of lists; its columns are: image (text), texts (text).',
  ],
])('a file with other columns is refused: %j', async (columns, message) => {
  const file = write(columns);
  await expect(read(file)).rejects.toMatchObject({
    code: 'input-unreadable',
    message: `The Parquet file ${file} ${message}`,
  });
});

test('a file that is cut off or damaged is refused', async () => {
  const file = write([{ name: 'image', data: Array.from({ length: 500 }, (_, n) => `${n}.jpg`), type: 'STRING' }]);
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 20));
  await expect(read(file)).rejects.toMatchObject({
    code: 'input-unreadable',
    message: expect.stringMatching(/rows\.parquet is not a readable Parquet file: .*\.$/) as string,
  });
});
