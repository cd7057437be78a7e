import path from 'node:path';
import type { InputFile } from '../storage/file.ts';
import { readDelimited } from './delimited.ts';
import { readJsonl } from './jsonl.ts';
import type { ColumnNames, RawRow } from './row.ts';
import { readParquet } from './parquet.ts';
import { readSamples } from './samples.ts';

/** The formats of files with rows. */
export const FORMATS = ['jsonl', 'csv', 'tsv', 'parquet', 'tar'] as const;
export type Format = (typeof FORMATS)[number];

export const FORMAT_OF_ENDING: Readonly<Record<string, Format>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.parquet': 'parquet',
  '.tar': 'tar',
};

/** The format of a file by its ending. */
export function formatOf(name: string): Format | undefined {
  return FORMAT_OF_ENDING[path.posix.extname(name).toLowerCase()];
}

/**
 * Reads the rows of a file.
 *
 * @param onBytes called with what identifies the content
 * @throws UserError `input-unreadable`
 */
export function readRows(
  file: InputFile,
  format: Format,
  names: ColumnNames,
  onBytes?: (bytes: Uint8Array) => void,
): AsyncIterable<RawRow> {
  switch (format) {
    case 'jsonl':
      return readJsonl(watched(file, onBytes));
    case 'csv':
    case 'tsv':
      return readDelimited(watched(file, onBytes), format, names);
    case 'parquet':
      return readParquet(file, names, onBytes);
    case 'tar':
      return readSamples(file, names, onBytes);
  }
}

async function* watched(file: InputFile, onBytes?: (bytes: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of file.stream()) {
    onBytes?.(chunk);
    yield chunk;
  }
}
