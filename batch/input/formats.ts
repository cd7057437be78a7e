import path from 'node:path';

/** The formats of files with rows. */
export const FORMATS = ['jsonl', 'csv', 'tsv', 'parquet', 'tar'] as const;
export type Format = (typeof FORMATS)[number];

export const FORMAT_OF_ENDING: Readonly<Record<string, Format>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  // Spark and DuckDB write lines into files of this name.
  '.json': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.parquet': 'parquet',
  '.tar': 'tar',
};

/** The format of a file by its ending. */
export function formatOf(name: string): Format | undefined {
  return FORMAT_OF_ENDING[path.posix.extname(name).toLowerCase()];
}
