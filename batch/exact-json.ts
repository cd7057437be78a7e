import { parse } from 'lossless-json';

/** Digits in a row that may be an integer beyond 2^53. */
const LONG_NUMBER = /\d{16}/;

/**
 * Parses JSON as `JSON.parse` does, but integers beyond 2^53 become texts with all their digits: a double would round an
 * id of 64 bits.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!LONG_NUMBER.test(text)) return value;
  return parse(text, undefined, { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue });
}

function exactNumber(text: string): number | string {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
}
