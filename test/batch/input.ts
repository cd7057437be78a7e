import type { RawRow } from '../../batch/input/row.ts';

/** A text as a stream of chunks of this many bytes. */
export async function* chunks(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

/** The columns of each row, or its damage. */
export async function rowsOf(rows: AsyncIterable<RawRow>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const row of rows) found.push('damage' in row ? row.damage : row.fields);
  return found;
}
