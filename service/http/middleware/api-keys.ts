import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createMiddleware } from 'hono/factory';
import type { MiddlewareHandler } from 'hono';
import { UserError } from '../../../model/errors.ts';
import type { AppEnv } from '../context.ts';
import { HttpProblem } from '../../requests/problem.ts';

/** How often the file is checked: file systems send no events for mounted secrets. */
const POLL_MS = 2000;
/** The file is read after it has not changed for so many intervals: it may be written in place, piece by piece. */
const QUIET_POLLS = 1.5;

/** The accepted API keys. */
export interface ApiKeys {
  /** The name of a key, for logs and fair shares; undefined if the key is not accepted. */
  nameOf(key: string): string | undefined;
  /** Stops watching the file. */
  close(): void;
}

/**
 * Reads the hashes of the accepted keys, and reads them again after the file has been changed or replaced. Keys stay as
 * they are while the file is missing, malformed or has no key: a mistake neither locks everybody out nor lets anybody in.
 *
 * @param path a text file with the SHA-256 of one key a line, in hexadecimal, and optionally a name after a space; `#`
 *   starts a comment. Several keys may have the same name. A key without one gets the first 8 digits of its hash
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
  let names = readNames(path);
  const reload = (): void => {
    try {
      names = readNames(path);
      onReload({ keys: names.size });
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
    nameOf: (key) => names.get(createHash('sha256').update(key).digest('hex')),
    close: () => {
      clearInterval(poll);
      clearTimeout(quiet);
    },
  };
}

/** The two ways to send a key, as OpenAPI security schemes. */
export const KEY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'As an alternative to `bearer`.' },
} as const;

/** A key in either way. The document of a service without keys leaves it out. */
export const KEY_SECURITY: Record<string, string[]>[] = Object.keys(KEY_SCHEMES).map((name) => ({ [name]: [] }));

/**
 * Requires a key, as `Authorization: Bearer <key>` or `X-API-Key: <key>`. One valid key suffices, since a gateway in
 * front may send a token of its own in the other header.
 *
 * @throws HttpProblem `unauthorized` without a key, `forbidden` with unknown keys
 */
export function requireApiKey(keys: ApiKeys): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const offered = [bearer, c.req.header('x-api-key')].filter((key) => key !== undefined);
    if (offered.length === 0) {
      throw new HttpProblem(
        'unauthorized',
        'Send an API key, as "Authorization: Bearer <key>" or "X-API-Key: <key>".',
        { headers: { 'www-authenticate': 'Bearer' } },
      );
    }
    const name = offered.map((key) => keys.nameOf(key)).find((found) => found !== undefined);
    if (name === undefined) throw new HttpProblem('forbidden', 'This API key is not accepted.');
    c.set('client', name);
    c.get('record').attributes['api_key'] = name;
    await next();
  });
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

/** The name of each key by its hash, in lower-case hexadecimal. */
function readNames(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UserError('settings-invalid', `API_KEYS_FILE ${path} cannot be read (${code}).`, { cause });
  }
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const names = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const [, hash, name] = /^([0-9a-f]{64})(?:\s+([\w.-]{1,40}))?$/i.exec(line) ?? [];
    if (hash === undefined) {
      throw new UserError(
        'settings-invalid',
        `Line ${index + 1} of API_KEYS_FILE ${path} is not the SHA-256 of a key in hexadecimal, with or without a name of at most 40 letters, digits and ._-`,
      );
    }
    names.set(hash.toLowerCase(), name ?? hash.slice(0, 8).toLowerCase());
  }
  if (names.size === 0) {
    throw new UserError(
      'settings-invalid',
      `API_KEYS_FILE ${path} has no key; write the SHA-256 of one key a line, or unset API_KEYS_FILE to let everybody in.`,
    );
  }
  return names;
}
