import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { InputFile } from '../storage/file.ts';
import { splitLines } from '../storage/lines.ts';
import type { ResultFormat } from './format.ts';
import { readParquetLines, writeParquet } from './parquet-results.ts';

/** Lines are written together, at least this many characters at once. */
const CHUNK = 1 << 18;

/** A row as a line of JSON, and where it ends. */
interface ResultLine {
  readonly text: string;
  /** Offset in bytes behind its newline. */
  readonly end: number;
}

/** The complete lines of a file of results; what follows the last newline is left out. */
async function* completeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ResultLine> {
  for await (const { bytes, isComplete, end } of splitLines(chunks)) {
    if (isComplete && bytes !== undefined) yield { text: bytes.toString('utf8'), end };
  }
}

/** Reads the rows of a part that is not complete, of which the last may have been cut off. */
export function readPartial(file: string): AsyncGenerator<ResultLine> {
  return completeLines(createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>);
}

/**
 * Reads the rows of a complete file of results, each as a line of JSON.
 *
 * @throws UserError `input-unreadable`
 */
export async function* readResults(file: InputFile, format: ResultFormat): AsyncGenerator<string> {
  if (format === 'parquet') yield* readParquetLines(file);
  else for await (const { text } of completeLines(file.stream())) yield text;
}

/** Writes rows, each as a line of JSON. */
export async function writeResults(
  lines: AsyncIterable<string>,
  format: ResultFormat,
  handle: FileHandle,
): Promise<void> {
  if (format === 'parquet') {
    await writeParquet(lines, handle);
    return;
  }
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK) continue;
    await handle.appendFile(chunk);
    chunk = '';
  }
  await handle.appendFile(chunk);
}
