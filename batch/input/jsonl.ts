import { parseJson } from '../exact-json.ts';
import { splitLines } from '../storage/lines.ts';
import type { RawRow } from './row.ts';

/**
 * Longest line, and longest file beside a picture, in bytes: the service's limit for JSON without an image would be
 * shorter, and memory stays bounded.
 */
export const MAX_LINE_BYTES = 4 << 20;

const BYTE_ORDER_MARK = '\ufeff';

/** Reads lines of JSON. A line that is not an object in JSON becomes a damaged row; blank lines are skipped. */
export async function* readJsonl(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawRow> {
  let isFirst = true;
  for await (const { bytes } of splitLines(chunks, MAX_LINE_BYTES)) {
    if (bytes === undefined) {
      yield { damage: `The line is longer than ${MAX_LINE_BYTES >> 20} MiB.` };
      continue;
    }
    const row = parseLine(bytes, isFirst);
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
    return { damage: `The line cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}.` };
  }
  return { damage: 'The line is JSON, but not an object.' };
}
