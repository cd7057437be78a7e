import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { parseJson } from '../exact-json.ts';
import type { ColumnNames } from './columns.ts';
import type { RawRow } from './row.ts';

/** Longest record in characters. An unclosed quote would otherwise read the rest of the file into memory. */
const MAX_RECORD_CHARACTERS = 4 << 20;

/**
 * Reads CSV (RFC 4180) or TSV with the same quoting; the first record names the columns. A record with more or fewer
 * cells than that becomes a damaged row. Empty cells behind those that are named are left out.
 *
 * Cells of the column `texts` are lists in JSON. Empty cells of `id`, `texts` and `premise` count as absent, and those of
 * `text` where the row has `texts`.
 *
 * @param names the columns' names in the input
 * @throws UserError `input-unreadable` where a quote is wrong, after which the rest cannot be read, or if the text is not
 *   UTF-8
 */
export async function* readDelimited(
  chunks: AsyncIterable<Uint8Array>,
  format: 'csv' | 'tsv',
  names: ColumnNames,
): AsyncGenerator<RawRow> {
  const { first, all } = await peek(chunks);
  const parser = parse({
    bom: true,
    record_delimiter: lineEnds(first),
    delimiter: format === 'csv' ? ',' : '\t',
    // Many programs write quotes into TSV as they are.
    relax_quotes: format === 'tsv',
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_CHARACTERS,
  });
  const bytes = Readable.from(checkUtf8(all), { objectMode: false });
  const records = bytes.on('error', (error) => parser.destroy(error)).pipe(parser);
  let header: Header | undefined;
  try {
    for await (const record of records as AsyncIterable<string[]>) {
      if (header === undefined) {
        header = toHeader(record, format);
        continue;
      }
      yield toRawRow(header, record, names);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // By the parser's own count, which has the first line, too: of the rows that it had ready, the error drops some.
    const rows = Math.max(parser.info.records - 1, 0);
    // Spark writes a backslash before it.
    const advice =
      error.code === 'CSV_INVALID_CLOSING_QUOTE'
        ? ` A quote within a quoted cell is written twice, by Spark with .option('escape', '"').`
        : '';
    const message = `The input is not valid ${format.toUpperCase()} after row ${rows}: ${error.message}.${advice}`;
    throw new UserError('input-unreadable', message, { cause: error });
  } finally {
    // Closes the file where not all of it was read.
    bytes.destroy();
  }
}

/** The first chunk, and all of them. */
async function peek(chunks: AsyncIterable<Uint8Array>): Promise<{ first: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const source = chunks[Symbol.asyncIterator]();
  const start = await source.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (start.done !== true) yield start.value;
      yield* { [Symbol.asyncIterator]: () => source };
    } finally {
      await source.return?.();
    }
  }
  return { first: start.done === true ? new Uint8Array() : start.value, all: all() };
}

/**
 * The ends of lines: both LF and CRLF, since a file that was put together has both and the parser would go by the first
 * line; CR alone only where the first line ends so.
 *
 * @param start of the file, in UTF-8 or UTF-16
 */
function lineEnds(start: Uint8Array): string[] {
  const text = Buffer.from(start)
    .toString(isUtf16(start) ? 'utf16le' : 'latin1')
    .replace(/"[^"]*"/g, '');
  // A CR is known to be alone by what follows it.
  const [, end] = /(\r?\n|\r(?=[^\n]))/.exec(text) ?? [];
  if (end === undefined) return ['\r\n', '\n', '\r'];
  return end === '\r' ? ['\r'] : ['\r\n', '\n'];
}

/**
 * Passes text on that is UTF-8: the parser would read U+FFFD in place of other bytes. It also reads UTF-16 with a byte
 * order mark.
 *
 * @throws UserError `input-unreadable`
 */
async function* checkUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isOther: boolean | undefined;
  let line = 1;
  const check = (chunk?: Uint8Array): void => {
    try {
      line += newlinesIn(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch (cause) {
      // The rest of a character whose beginning was in the chunk before is no error.
      const [good = '', bad] = new TextDecoder()
        .decode(chunk)
        .replace(/^\ufffd+/, '')
        .split('\ufffd', 2);
      if (bad !== undefined) line += newlinesIn(good);
      throw new UserError('input-unreadable', `Line ${line} of the input is not UTF-8: convert it to UTF-8.`, {
        cause,
      });
    }
  };
  for await (const chunk of chunks) {
    isOther ??= isUtf16(chunk);
    if (!isOther) check(chunk);
    yield chunk;
  }
  // A last character may be cut off.
  if (isOther === false) check();
}

/** Whether a text begins with the byte order mark of UTF-16 (little endian). */
function isUtf16(start: Uint8Array): boolean {
  return start[0] === 0xff && start[1] === 0xfe;
}

function newlinesIn(text: string): number {
  return text.split('\n').length - 1;
}

/** What the first record says of all others. */
interface Header {
  readonly names: readonly string[];
  /** Further cells, without a name: spreadsheets write them for columns that were in use once. */
  readonly unnamed: number;
}

function toHeader(cells: readonly string[], format: 'csv' | 'tsv'): Header {
  const names = cells.slice(0, cells.findLastIndex((name) => name !== '') + 1);
  const [other] = format === 'csv' && names.length === 1 ? (/[;\t]/.exec(names[0] ?? '') ?? []) : [];
  if (other !== undefined) {
    // Spreadsheets separate by semicolons where the comma is the decimal point.
    const advice = other === ';' ? 'semicolons; save it with commas' : 'tabs; read it with --format tsv';
    throw new UserError('input-unreadable', `The cells of the input are not separated by commas but by ${advice}.`);
  }
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated === undefined) return { names, unnamed: cells.length - names.length };
  throw new UserError('input-unreadable', `The first line of the input names the column "${shorten(repeated)}" twice.`);
}

function toRawRow({ names: columns, unnamed }: Header, cells: readonly string[], names: ColumnNames): RawRow {
  if (cells.length < columns.length || cells.length > columns.length + unnamed) {
    return {
      damage: `The first line names ${columns.length} columns, but the number of cells here is ${cells.length}.`,
    };
  }
  const fields = new Map<string, unknown>(columns.map((name, index) => [name, cells[index]]));
  const extra = cells.findLastIndex((cell) => cell !== '');
  if (extra >= columns.length) {
    // A single column without a name can be told apart from the others, and keeps its cells.
    if (unnamed > 1 || fields.has('')) {
      return { damage: `The first line does not name the column of cell ${extra + 1}, which is not empty here.` };
    }
    fields.set('', cells[extra]);
  }
  const texts = fields.get(names.texts);
  if (typeof texts === 'string' && texts.trim() !== '') {
    fields.set(names.texts, listOf(texts));
    if (fields.get(names.text) === '') fields.delete(names.text);
  }
  for (const name of [names.id, names.texts, names.premise]) {
    if (fields.get(name) === '') fields.delete(name);
  }
  return { fields: Object.fromEntries(fields) };
}

/** A cell that is not JSON stays text, which the check of the row refuses. */
function listOf(cell: string): unknown {
  try {
    return parseJson(cell);
  } catch {
    return cell;
  }
}
