import { UserError } from '../../model/errors.ts';

/** How many requests a client may send: this many at once, and as many again in each period. */
export interface Rate {
  readonly requests: number;
  readonly periodMs: number;
  /** The period's name. */
  readonly period: string;
  /** As written in the file. */
  readonly text: string;
}

/** Whom a key belongs to. */
export interface KeyHolder {
  /** For logs, metrics and fair shares. Several keys may have the same. */
  readonly name: string;
  /** For all keys of this name together. */
  readonly rate: Rate | undefined;
}

const PERIODS = {
  s: { period: 'second', periodMs: 1000 },
  min: { period: 'minute', periodMs: 60_000 },
  h: { period: 'hour', periodMs: 3_600_000 },
} as const;
const LINE = /^([0-9a-f]{64})(?:\s+([\w.-]{1,40}))?(?:\s+rate=([1-9]\d{0,5})\/(s|min|h))?$/i;

/**
 * Reads the text of a file of API keys. Each line has the SHA-256 of a key in hexadecimal, and optionally a name and a
 * rate such as `rate=10/s`, `rate=600/min` or `rate=5000/h`, after spaces; `#` starts a comment. A key without a name gets
 * the first 8 digits of its hash.
 *
 * @param path for error messages
 * @returns the holder of each key by its hash, in lower-case hexadecimal
 * @throws UserError `settings-invalid` when a line is malformed, a name has two rates, a key two names, or there is no key
 */
export function parseKeys(text: string, path: string): Map<string, KeyHolder> {
  const holders = new Map<string, KeyHolder>();
  const rates = new Map<string, Rate>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const place = `Line ${index + 1} of API_KEYS_FILE ${path}`;
    const [, hash, given, requests, unit] = LINE.exec(line) ?? [];
    if (hash === undefined) {
      throw new UserError(
        'settings-invalid',
        `${place} is not the SHA-256 of a key in hexadecimal, with or without a name of at most 40 letters, digits and ._- and a rate such as rate=10/s, rate=600/min or rate=5000/h.`,
      );
    }
    const name = given ?? hash.slice(0, 8).toLowerCase();
    const rate = requests === undefined || unit === undefined ? undefined : rateOf(Number(requests), unit);
    const other = rates.get(name);
    if (rate !== undefined && other !== undefined && rate.text !== other.text) {
      throw new UserError(
        'settings-invalid',
        `${place} gives ${name} the rate ${rate.text}, but an earlier line gives it ${other.text}; the keys of one name share one rate.`,
      );
    }
    const key = hash.toLowerCase();
    const before = holders.get(key);
    if (before !== undefined && before.name !== name) {
      throw new UserError(
        'settings-invalid',
        `${place} gives ${name} a key that an earlier line gives ${before.name}; a key has one name.`,
      );
    }
    if (rate !== undefined) rates.set(name, rate);
    holders.set(key, { name, rate });
  }
  if (holders.size === 0) {
    throw new UserError(
      'settings-invalid',
      `API_KEYS_FILE ${path} has no key; write the SHA-256 of one key a line, or unset API_KEYS_FILE to let everybody in.`,
    );
  }
  // The rate may be on any line of a name.
  return new Map([...holders].map(([hash, { name }]) => [hash, { name, rate: rates.get(name) }]));
}

function rateOf(requests: number, unit: string): Rate {
  const written = unit.toLowerCase() as keyof typeof PERIODS;
  return { requests, ...PERIODS[written], text: `${requests}/${written}` };
}
