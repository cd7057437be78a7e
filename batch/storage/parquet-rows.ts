import type { FileMetaData } from 'hyparquet';
import { UserError } from '../../model/errors.ts';
import { notReadable, type InputFile } from './file.ts';

/** Rows that are decoded at once. */
const SLICE = 4096;

/** A Parquet file whose rows are read a few at a time. */
export interface ParquetFile {
  readonly metadata: FileMetaData;
  /**
   * Reads all rows. In memory are the compressed columns of one row group, and some thousand rows.
   *
   * @throws UserError `input-unreadable`
   */
  rows(): AsyncGenerator<Record<string, unknown>>;
}

/** @throws UserError `input-unreadable` */
export async function openParquet(file: InputFile): Promise<ParquetFile> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const buffer = { byteLength: file.size, slice: slicesOf(file) };
  const metadata = await parquetMetadataAsync(buffer).catch((cause: unknown) => {
    throw damaged(file, cause);
  });
  return { metadata, rows: () => rowsOf(file, metadata) };
}

async function* rowsOf(file: InputFile, metadata: FileMetaData): AsyncGenerator<Record<string, unknown>> {
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  let groupStart = 0;
  for (const { num_rows: length } of metadata.row_groups) {
    const groupEnd = groupStart + Number(length);
    // Every slice needs the same columns of the file: they are read once for each row group.
    const columns = new Map<string, Promise<ArrayBuffer>>();
    const read = slicesOf(file);
    const slice = (start: number, end = file.size): Promise<ArrayBuffer> => {
      const key = `${start}-${end}`;
      const bytes = columns.get(key) ?? read(start, end);
      columns.set(key, bytes);
      return bytes;
    };
    for (let rowStart = groupStart; rowStart < groupEnd; rowStart += SLICE) {
      const rowEnd = Math.min(groupEnd, rowStart + SLICE);
      const options = { file: { byteLength: file.size, slice }, metadata, compressors, rowStart, rowEnd };
      yield* await parquetReadObjects(options).catch((cause: unknown) => {
        throw damaged(file, cause);
      });
    }
    groupStart = groupEnd;
  }
}

function slicesOf(file: InputFile): (start: number, end?: number) => Promise<ArrayBuffer> {
  return async (start, end = file.size) => {
    const bytes = await file.read(start, end).catch((cause: unknown) => {
      throw notReadable(file.name, cause);
    });
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  };
}

function damaged({ name }: InputFile, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError('input-unreadable', `${name} is not a readable Parquet file: ${reason}.`, { cause });
}
