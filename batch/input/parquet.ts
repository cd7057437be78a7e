import type { SchemaElement } from 'hyparquet';
import { UserError } from '../../model/errors.ts';
import type { InputFile } from '../storage/file.ts';
import { openParquet, type ParquetFile } from '../storage/parquet-rows.ts';
import type { ColumnNames, RawRow } from './row.ts';

/**
 * Reads the rows of a Parquet file. Timestamps become texts in ISO 8601, and integers above 2^53 texts.
 *
 * @param names the columns' names in the input
 * @param onBytes called with the whole file, before any row
 * @throws UserError `input-unreadable` if the file is damaged, or its columns are not those of an input
 */
export async function* readParquet(
  file: InputFile,
  names: ColumnNames,
  onBytes?: (bytes: Uint8Array) => void,
): AsyncGenerator<RawRow> {
  if (onBytes !== undefined) {
    for await (const chunk of file.stream()) onBytes(chunk);
  }
  const parquet = await openParquet(file);
  checkColumns(file, parquet, names);
  for await (const row of parquet.rows()) {
    yield { fields: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])) };
  }
}

function checkColumns({ name }: InputFile, { metadata }: ParquetFile, names: ColumnNames): void {
  const columns = topColumns(metadata.schema);
  const found = [...columns].map(([column, element]) => `${column} (${typeOf(element)})`).join(', ');
  const refuse = (message: string): never => {
    throw new UserError('input-unreadable', `The Parquet file ${name} ${message}; its columns are: ${found}.`);
  };
  if (!columns.has(names.image)) {
    refuse(`has no column "${names.image}": name the right one with --column image=NAME`);
  }
  for (const known of ['image', 'text', 'premise'] as const) {
    const element = columns.get(names[known]);
    if (element === undefined || typeOf(element) === 'text') continue;
    refuse(`has a column "${names[known]}" that is not of texts`);
  }
  const list = columns.get(names.texts);
  if (list !== undefined && typeOf(list) !== 'list') refuse(`has a column "${names.texts}" that is not of lists`);
}

/** The elements below the root of a schema, which lists each element before those in it. */
function topColumns(schema: readonly SchemaElement[]): Map<string, SchemaElement> {
  const columns = new Map<string, SchemaElement>();
  /** How many elements are left at each depth. */
  const left: number[] = [];
  for (const element of schema) {
    if (left.length === 1) columns.set(element.name, element);
    if (left.length > 0) left[left.length - 1] = (left.at(-1) ?? 0) - 1;
    if (element.num_children !== undefined) left.push(element.num_children);
    while (left.length > 1 && left.at(-1) === 0) left.pop();
  }
  return columns;
}

function typeOf({
  type,
  repetition_type: repetition,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement) {
  if (converted === 'LIST' || logical?.type === 'LIST' || repetition === 'REPEATED') return 'list';
  if (type === 'BYTE_ARRAY' && converted !== 'DECIMAL') return 'text';
  return (converted ?? type ?? 'group').toLowerCase();
}

/** A value as JSON has it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
