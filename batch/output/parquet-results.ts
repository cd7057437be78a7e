import type { FileHandle } from 'node:fs/promises';
import type { InputFile } from '../storage/file.ts';
import { openParquet } from '../storage/parquet-rows.ts';

const ROW_GROUP = 10_000;

/** Columns whose values are texts in the rows of results. */
const TEXTS = ['image', 'text', 'premise', 'label'] as const;
/** Columns that have JSON. */
const JSONS = ['texts', 'columns', 'scores', 'results', 'warnings'] as const;
const ERROR_MEMBERS = ['code', 'detail', 'field'] as const;

const COLUMNS = [
  { name: 'id', type: 'STRING' },
  ...(['image', 'text', 'texts', 'premise', 'columns'] as const).map((name) => ({ name, type: 'STRING' }) as const),
  { name: 'result', type: 'INT32' },
  { name: 'label', type: 'STRING' },
  { name: 'confidence', type: 'DOUBLE' },
  ...(['scores', 'results', 'warnings'] as const).map((name) => ({ name, type: 'STRING' }) as const),
  ...ERROR_MEMBERS.map((name) => ({ name: `error_${name}`, type: 'STRING' }) as const),
] as const;

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
  await parquetWriteRows({ writer, rows: rowsOf(lines), columns: [...COLUMNS], rowGroupSize: ROW_GROUP });
}

async function* rowsOf(lines: AsyncIterable<string>): AsyncGenerator<ParquetRow> {
  for await (const line of lines) yield toParquetRow(JSON.parse(line) as Record<string, unknown>);
}

function toParquetRow(result: Readonly<Record<string, unknown>>): ParquetRow {
  const error = (result['error'] ?? {}) as Record<string, string | undefined>;
  return {
    id: String(result['id']),
    result: result['result'] as number | undefined,
    confidence: result['confidence'] as number | undefined,
    ...Object.fromEntries(TEXTS.map((name) => [name, textOf(result[name])])),
    ...Object.fromEntries(JSONS.map((name) => [name, JSON.stringify(result[name]) as string | undefined])),
    ...Object.fromEntries(ERROR_MEMBERS.map((name) => [`error_${name}`, error[name]])),
  };
}

/** A failed row may have anything in a column of texts. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : JSON.stringify(value);
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
    else result[name] = (JSONS as readonly string[]).includes(name) ? (JSON.parse(value as string) as unknown) : value;
  }
  return Object.keys(error).length > 0 ? { ...result, error } : result;
}
