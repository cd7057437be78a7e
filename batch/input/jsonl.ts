import { parseJson } from '../exact-json.ts';
import type { RawRow } from './row.ts';

/**
 * Longest line, and longest file beside a picture, in bytes: the service's limit for JSON without an image would be
 * shorter, and memory stays bounded.
 */
export const MAX_LINE_BYTES = 4 << 20;

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = '\ufeff';

/** Reads lines of JSON. A line that is not an object in JSON becomes a damaged row; blank lines are skipped. */
export async function* readJsonl(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawRow> {
  let isFirst = true;
  for await (const line of splitLines(chunks)) {
    if (line === undefined) {
      yield { damage: `The line is longer than ${MAX_LINE_BYTES >> 20} MiB.` };
      continue;
    }
    const row = parseLine(line, isFirst);
    isFirst = false;
    if (row !== undefined) yield row;
  }
}

/** @returns undefined for a blank line */
function parseLine(line: Uint8Array, isFirst: boolean): RawRow | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return { damage: 'The line is not UTF-8.' };
  }
  if (isFirst && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
  if (text.trim() === '') return undefined;
  try {
    const value = parseJson(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { fields: value as Record<string, unknown> };
    }
  } catch (error) {
    return { damage: `The line is not JSON: ${error instanceof Error ? error.message : String(error)}.` };
  }
  return { damage: 'The line is JSON, but not an object.' };
}

/** @returns each line without its end; undefined for one that is too long */
async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array): void => {
    length += part.length;
    if (length > MAX_LINE_BYTES) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const take = (): Uint8Array | undefined => {
    const line = length > MAX_LINE_BYTES ? undefined : Buffer.concat(parts);
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take();
}
