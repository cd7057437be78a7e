import { UserError } from '../../model/errors.ts';
import type { InputFile } from '../storage/file.ts';
import type { ColumnNames } from './columns.ts';
import { readDelimited } from './delimited.ts';
import type { Format } from './formats.ts';
import { readJsonl } from './jsonl.ts';
import type { RawRow } from './row.ts';
import { readParquet } from './parquet.ts';
import { readSamples } from './samples.ts';

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
      return readJsonl(textOf(file, onBytes, refuseDocument));
    case 'csv':
    case 'tsv':
      return readDelimited(textOf(file, onBytes), format, names);
    case 'parquet':
      return readParquet(file, names, onBytes);
    case 'tar':
      return readSamples(file, names, onBytes);
  }
}

/**
 * The bytes of a file of text.
 *
 * @param check called with the first ones
 * @throws UserError `input-unreadable` if its start shows that it is none
 */
async function* textOf(
  file: InputFile,
  onBytes?: (bytes: Uint8Array) => void,
  check?: (file: InputFile, chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let isStart = true;
  for await (const chunk of file.stream()) {
    if (isStart) {
      refuseOther(file, chunk);
      check?.(file, chunk);
    }
    isStart = false;
    onBytes?.(chunk);
    yield chunk;
  }
}

/** What files that are given as text may be instead, by their first bytes in Latin-1. */
const OTHERS = [
  ['\x1f\x8b', 'is compressed: unpack it with gunzip'],
  ['\x28\xb5\x2f\xfd', 'is compressed: unpack it with unzstd'],
  ['\xfd7zXZ\0', 'is compressed: unpack it with unxz'],
  ['PK\x03\x04', 'is a ZIP archive or a spreadsheet: unpack it, or save it as CSV'],
  ['PAR1', 'is Parquet: read it with --format parquet'],
] as const;

function refuseOther({ name }: InputFile, chunk: Uint8Array): void {
  const start = Buffer.from(chunk.subarray(0, 8)).toString('latin1');
  const other = OTHERS.find(([signature]) => start.startsWith(signature));
  if (other !== undefined) throw new UserError('input-unreadable', `The input ${name} ${other[1]}.`);
}

/** Refuses what JSON Lines cannot begin with, but a file of one JSON document does: each of its lines would be a failed row. */
function refuseDocument({ name }: InputFile, chunk: Uint8Array): void {
  const start = Buffer.from(chunk.subarray(0, 64)).toString('latin1');
  const [, bracket] = /^(?:\xef\xbb\xbf)?\s*(\[|\{(?=[ \t]*\r?\n))/.exec(start) ?? [];
  if (bracket === undefined) return;
  const [what, filter] = bracket === '[' ? ['a JSON array', '.[]'] : ['JSON over several lines', '.'];
  const message = `The input ${name} is ${what}: write each object on a line of its own, as jq -c '${filter}' does.`;
  throw new UserError('input-unreadable', message);
}
