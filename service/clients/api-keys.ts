import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { UserError } from '../../model/errors.ts';
import { readRegularSync } from '../../model/regular-file.ts';
import { reasonOf } from '../../model/system-reason.ts';
import { parseKeys, type KeyHolder } from './key-file.ts';
import { RateLimits } from './rate-limits.ts';

/** How often the file is checked: file systems send no events for mounted secrets. */
const POLL_MS = 2000;
/** The file is read once it has not changed for this many intervals: it may be written in place, piece by piece. */
const QUIET_POLLS = 1.5;

/** The accepted API keys. */
export interface ApiKeys {
  /** Whom a key belongs to; undefined if the key is not accepted. */
  holderOf(key: string): KeyHolder | undefined;
  /** The rates of the keys' holders. */
  readonly rates: Pick<RateLimits, 'take' | 'waitMs'>;
  /** Stops watching the file. */
  close(): void;
}

/**
 * Reads the accepted keys, and reads them again after the file has been changed or replaced. Keys stay as they are while
 * the file is missing, malformed or has no key: a mistake neither locks everybody out nor lets anybody in.
 *
 * @param path a text file, see {@link parseKeys}
 * @param onReload called after each reload with the number of keys, or with what is wrong
 * @throws UserError `settings-invalid` when the file cannot be read at first, is malformed, or has no key
 */
export function openApiKeys(
  path: string,
  onReload: (result: { keys: number } | { error: string }) => void,
  pollMs = POLL_MS,
): ApiKeys {
  // Taken before the file is read, so that a change in between is noticed.
  let stamp = stampOf(path);
  let holders = parseKeys(textOf(path), path);
  const rates = new RateLimits();
  rates.set(holders.values());
  const reload = (): void => {
    try {
      holders = parseKeys(textOf(path), path);
      rates.set(holders.values());
      onReload({ keys: holders.size });
    } catch (error) {
      onReload({ error: error instanceof Error ? error.message : String(error) });
    }
  };
  let quiet: NodeJS.Timeout | undefined;
  const poll = setInterval(() => {
    const found = stampOf(path);
    if (found === stamp) return;
    stamp = found;
    clearTimeout(quiet);
    quiet = setTimeout(reload, pollMs * QUIET_POLLS).unref();
  }, pollMs).unref();
  return {
    // Timing reveals at most a part of a hash, from which no key can be computed.
    holderOf: (key) => holders.get(createHash('sha256').update(key).digest('hex')),
    rates,
    close: () => {
      clearInterval(poll);
      clearTimeout(quiet);
    },
  };
}

/** Reads a header of a request by its name in lower case. */
export type ReadHeader = (name: string) => string | undefined;

/**
 * The keys that a request offers: `Authorization: Bearer <key>` and `X-API-Key: <key>`. One valid key suffices, since a
 * gateway in front may send a token of its own in the other header.
 */
export function offeredKeys(header: ReadHeader): string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(header('authorization') ?? '')?.[1];
  return [bearer, header('x-api-key')].filter((key) => key !== undefined);
}

/** Changes with the file; empty when the file cannot be accessed. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readRegularSync(path).toString('utf8');
  } catch (cause) {
    throw new UserError('settings-invalid', `API_KEYS_FILE ${path} cannot be read: ${reasonOf(cause)}.`, { cause });
  }
}
