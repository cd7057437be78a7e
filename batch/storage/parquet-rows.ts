import { constants } from 'node:buffer';
import type { FileMetaData, SchemaTree } from 'hyparquet';
import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { notReadable, type InputFile } from './file.ts';
import { converterOf, PARSERS, plainSchema } from './parquet-values.ts';

/** Rows that are decoded at once. */
const SLICE = 4096;
/** With lists or groups, of which the whole row group is decoded for each slice. */
const NESTED_SLICE = 8 * SLICE;

/** A Parquet file whose rows are read a few at a time. */
export interface ParquetFile {
  /** The columns, with what is in them. */
  readonly columns: readonly SchemaTree[];
  /**
   * Reads all rows, whose values are those of JSON, or bytes. In memory are the compressed columns of one row group, and
   * some thousand rows; of columns with lists or groups, all of the row group.
   *
   * @throws UserError `input-unreadable`
   */
  rows(): AsyncGenerator<Record<string, unknown>>;
}

/** @throws UserError `input-unreadable` */
export async function openParquet(file: InputFile): Promise<ParquetFile> {
  const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const buffer = { byteLength: file.size, slice: slicesOf(file) };
  const metadata = await parquetMetadataAsync(buffer).catch(async (cause: unknown) => {
    throw damaged(file, (await isEncrypted(file)) ? new Error('it is encrypted') : cause);
  });
  refuseEncrypted(file, metadata);
  const columns = parquetSchema(metadata).children;
  return { columns, rows: () => rowsOf(file, metadata, columns) };
}

async function* rowsOf(
  file: InputFile,
  { schema, ...rest }: FileMetaData,
  columns: readonly SchemaTree[],
): AsyncGenerator<Record<string, unknown>> {
  const metadata = { ...rest, schema: plainSchema(schema) };
  const converters = columns.map((column) => [column.element.name, converterOf(column)] as const);
  const sliceRows = columns.some((column) => column.children.length > 0) ? NESTED_SLICE : SLICE;
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  let groupStart = 0;
  for (const { num_rows: length } of metadata.row_groups) {
    const groupEnd = groupStart + Number(length);
    // Every slice needs the same columns of the file: they are read once for each row group.
    const chunks = new Map<string, Promise<ArrayBuffer>>();
    const read = slicesOf(file);
    const slice = (start: number, end = file.size): Promise<ArrayBuffer> => {
      const key = `${start}-${end}`;
      const bytes = chunks.get(key) ?? read(start, end);
      chunks.set(key, bytes);
      return bytes;
    };
    for (let rowStart = groupStart; rowStart < groupEnd; rowStart += sliceRows) {
      const rowEnd = Math.min(groupEnd, rowStart + sliceRows);
      const source = { file: { byteLength: file.size, slice }, metadata, compressors, rowStart, rowEnd };
      const options = { ...source, utf8: false, parsers: PARSERS };
      const rows = await parquetReadObjects(options).catch((cause: unknown) => {
        throw damaged(file, cause);
      });
      for (const row of rows) yield Object.fromEntries(converters.map(([name, convert]) => [name, convert(row[name])]));
    }
    groupStart = groupEnd;
  }
}

/** Refuses a file with encrypted columns, whose metadata may be readable: the decoder would take them for damaged. */
function refuseEncrypted(file: InputFile, { row_groups: groups }: FileMetaData): void {
  const encrypted = groups[0]?.columns.filter(({ crypto_metadata: key }) => key !== undefined) ?? [];
  if (encrypted.length === 0) return;
  const names = encrypted.map(({ meta_data: data }) => shorten(data?.path_in_schema.join('.') ?? '?')).join(', ');
  throw damaged(file, new Error(`it has encrypted columns (${names})`));
}

/** Whether the file ends as one does whose metadata is encrypted. */
async function isEncrypted(file: InputFile): Promise<boolean> {
  const magic = await file.read(Math.max(0, file.size - 4), file.size).catch(() => new Uint8Array());
  return Buffer.from(magic).toString('latin1') === 'PARE';
}

function slicesOf(file: InputFile): (start: number, end?: number) => Promise<ArrayBuffer> {
  return async (start, end = file.size) => {
    if (end - start > constants.MAX_LENGTH) {
      const reason = `a row group of it has more than ${constants.MAX_LENGTH} bytes; write it with fewer rows in each`;
      throw notReadable(file.name, new Error(reason));
    }
    const bytes = await file.read(start, end).catch((cause: unknown) => {
      throw notReadable(file.name, cause);
    });
    // A column with pictures may have gigabytes.
    if (bytes.length === bytes.buffer.byteLength) return bytes.buffer as ArrayBuffer;
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  };
}

function damaged({ name }: InputFile, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError('input-unreadable', `${name} is not a readable Parquet file: ${reason}.`, { cause });
}
