import { parse } from 'lossless-json';

/** Digits in a row that may be an integer beyond 2^53. */
const LONG_NUMBER = /\d{16}/;

/** Most lists and objects within each other: functions that call themselves for each of them can write so many. */
const MAX_LEVELS = 1000;

/**
 * Parses JSON as `JSON.parse` does, but integers beyond 2^53 become texts with all their digits: a double would round an
 * id of 64 bits.
 *
 * @throws SyntaxError, also for what has more than {@link MAX_LEVELS} levels, which could not be written as JSON again
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (text.length > MAX_LEVELS && isDeep(value)) {
    throw new SyntaxError(`it has more than ${MAX_LEVELS} lists and objects within each other`);
  }
  if (!LONG_NUMBER.test(text)) return value;
  return parse(text, undefined, { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue });
}

function exactNumber(text: string): number | string {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
}

function isDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= MAX_LEVELS && level.length > 0; depth++) {
    level = level.flatMap((each): unknown[] => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return level.length > 0;
}
