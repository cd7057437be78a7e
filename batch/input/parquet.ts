import type { SchemaTree } from 'hyparquet';
import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { inMemory } from '../images/stored-image.ts';
import type { InputFile } from '../storage/file.ts';
import { openParquet, type ParquetFile } from '../storage/parquet-rows.ts';
import type { ColumnNames } from './columns.ts';
import type { RawRow } from './row.ts';

/**
 * Reads the rows of a Parquet file. A picture may be a path, bytes, or a group of both (`bytes`, `path`) as Hugging
 * Face's datasets have it. Other bytes that are no text become texts in base64.
 *
 * @param names the columns' names in the input
 * @param onBytes called with the whole file, before any row; rows then come without their pictures
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
  let number = 0;
  for await (const row of parquet.rows()) {
    number++;
    yield toRawRow(row, names, `${file.name}/${number}`, onBytes === undefined);
  }
}

function toRawRow(
  row: Readonly<Record<string, unknown>>,
  names: ColumnNames,
  place: string,
  withPicture: boolean,
): RawRow {
  for (const name of [names.id, names.text, names.texts, names.premise]) {
    const values = [row[name]].flat();
    if (values.some((value) => value instanceof Uint8Array)) return { damage: `The column "${name}" is not UTF-8.` };
  }
  const { bytes, path } = pictureOf(row[names.image]);
  const image = bytes === undefined || (typeof path === 'string' && path !== '') ? path : place;
  const fields = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, name === names.image ? image : withoutBytes(value)]),
  );
  return { fields, ...(bytes !== undefined && withPicture && { picture: inMemory(bytes) }) };
}

/** A picture's bytes, where they are in the row, and its path. */
function pictureOf(value: unknown): { readonly bytes?: Uint8Array; readonly path?: unknown } {
  if (value instanceof Uint8Array) return { bytes: value };
  if (typeof value !== 'object' || value === null) return { path: value };
  const { bytes, path } = value as { readonly bytes?: unknown; readonly path?: unknown };
  return bytes instanceof Uint8Array ? { bytes, path } : { path };
}

function withoutBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(withoutBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutBytes(inner)]));
}

function checkColumns({ name }: InputFile, { columns }: ParquetFile, names: ColumnNames): void {
  const types = new Map(columns.map((column) => [column.element.name, typeOf(column)]));
  const found = [...types].map(([column, type]) => `${column} (${type})`).join(', ');
  const refuse = (message: string): never => {
    throw new UserError('input-unreadable', `The Parquet file ${name} ${message}; its columns are: ${found}.`);
  };
  if (types.size < columns.length) {
    const all = columns.map((column) => column.element.name);
    const repeated = all.find((each, index) => all.indexOf(each) < index) ?? '';
    refuse(`has more than one column "${shorten(repeated)}"`);
  }
  const wanted = {
    image: ['text', 'bytes', 'picture'],
    text: ['text', 'bytes'],
    premise: ['text', 'bytes'],
    texts: ['list'],
  };
  if (!types.has(names.image)) {
    refuse(`has no column "${names.image}": name the right one with --column image=NAME`);
  }
  for (const known of ['image', 'text', 'premise', 'texts'] as const) {
    const type = types.get(names[known]);
    if (type === undefined || wanted[known].includes(type)) continue;
    const what = { image: 'paths or pictures', text: 'texts', premise: 'texts', texts: 'lists' }[known];
    refuse(`has a column "${names[known]}" that is not of ${what}`);
  }
}

/** What a column holds; `bytes` may be texts, which older writers do not mark. */
function typeOf({ element, children }: SchemaTree): string {
  const { type, repetition_type: repetition, converted_type: converted, logical_type: logical } = element;
  if (converted === 'LIST' || logical?.type === 'LIST' || repetition === 'REPEATED') return 'list';
  const annotation = (converted ?? logical?.type)?.toLowerCase();
  if (type === 'BYTE_ARRAY' && (annotation === 'utf8' || annotation === 'string' || annotation === 'enum'))
    return 'text';
  if (type === 'BYTE_ARRAY' && annotation === undefined) return 'bytes';
  const isPicture = children.some((child) => child.element.name === 'bytes' && typeOf(child) === 'bytes');
  return isPicture ? 'picture' : (annotation ?? type?.toLowerCase() ?? 'group');
}
