import type { FileHandle } from 'node:fs/promises';
import type { InputFile } from '../storage/file.ts';
import { openParquet } from '../storage/parquet-rows.ts';
import type { Result } from './outcome.ts';

const ROW_GROUP = 10_000;

type ColumnKind = 'text' | 'json' | 'INT32' | 'DOUBLE';

/** What the column of each member of a result has, in the order of the columns: texts, texts with JSON, or numbers. */
const KINDS: Readonly<Record<Exclude<keyof Result, 'error'>, ColumnKind>> = {
  id: 'text',
  image: 'text',
  text: 'text',
  texts: 'json',
  premise: 'text',
  columns: 'json',
  result: 'INT32',
  label: 'text',
  confidence: 'DOUBLE',
  scores: 'json',
  results: 'json',
  warnings: 'json',
};

/** The members whose columns have JSON. */
const JSONS: ReadonlySet<string> = new Set(
  Object.entries(KINDS)
    .filter(([, kind]) => kind === 'json')
    .map(([name]) => name),
);

/** The members of the error, each with a column of its own. */
const ERROR_COLUMNS: Readonly<Record<keyof NonNullable<Result['error']>, string>> = {
  code: 'error_code',
  detail: 'error_detail',
  field: 'error_field',
};

/** The columns of every file. */
export const RESULT_COLUMNS = [
  ...Object.entries(KINDS).map(([name, kind]) => {
    return { name, type: kind === 'text' || kind === 'json' ? 'STRING' : kind } as const;
  }),
  ...Object.values(ERROR_COLUMNS).map((name) => ({ name, type: 'STRING' }) as const),
];

type ParquetRow = Record<string, string | number | undefined>;

/**
 * Writes lines of results as Parquet, compressed with Snappy. Every file has the same columns.
 *
 * @param lines of JSON, from `toLine`
 */
export async function writeParquet(lines: AsyncIterable<string>, handle: FileHandle): Promise<void> {
  const { ByteWriter, parquetWriteRows } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const flush = async (): Promise<void> => {
    const chunk = new Uint8Array(bytes.buffer.slice(0, bytes.index));
    bytes.index = 0;
    await handle.appendFile(chunk);
  };
  const writer = Object.assign(bytes, { flush, finish: flush });
  await parquetWriteRows({ writer, rows: rowsOf(lines), columns: RESULT_COLUMNS, rowGroupSize: ROW_GROUP });
}

async function* rowsOf(lines: AsyncIterable<string>): AsyncGenerator<ParquetRow> {
  for await (const line of lines) yield toParquetRow(JSON.parse(line) as Record<string, unknown>);
}

function toParquetRow(result: Readonly<Record<string, unknown>>): ParquetRow {
  const error = (result['error'] ?? {}) as Record<string, string | undefined>;
  return {
    ...Object.fromEntries(Object.entries(KINDS).map(([name, kind]) => [name, cellOf(kind, result[name])])),
    ...Object.fromEntries(Object.entries(ERROR_COLUMNS).map(([name, column]) => [column, error[name]])),
  };
}

function cellOf(kind: ColumnKind, value: unknown): string | number | undefined {
  if (kind === 'INT32' || kind === 'DOUBLE') return value as number | undefined;
  // A failed row may have anything in a column of texts, and an id may be a number.
  return kind === 'text' && typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Reads the results in a Parquet file as lines of JSON. They are those that were written, but for ids and for other
 * values of failed rows, which are texts now.
 *
 * @throws UserError `input-unreadable`
 */
export async function* readParquetLines(file: InputFile): AsyncGenerator<string> {
  const parquet = await openParquet(file);
  for await (const row of parquet.rows()) yield JSON.stringify(fromParquetRow(row));
}

function fromParquetRow(row: Readonly<Record<string, unknown>>): object {
  const result: Record<string, unknown> = {};
  const error: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith('error_')) error[name.slice('error_'.length)] = value;
    else result[name] = JSONS.has(name) ? (JSON.parse(value as string) as unknown) : value;
  }
  return Object.keys(error).length > 0 ? { ...result, error } : result;
}
