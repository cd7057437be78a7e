import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createMiddleware } from 'hono/factory';
import type { MiddlewareHandler } from 'hono';
import { UserError } from '../../../model/errors.ts';
import type { AppEnv } from '../context.ts';
import { HttpProblem } from '../problems/problem.ts';

/** How often the file is checked: file systems send no events for mounted secrets. */
const POLL_MS = 2000;
/** The file is read after it has not changed for so many intervals: it may be written in place, piece by piece. */
const QUIET_POLLS = 1.5;

/** The accepted API keys. */
export interface ApiKeys {
  has(key: string): boolean;
  /** Stops watching the file. */
  close(): void;
}

/**
 * Reads the hashes of the accepted keys, and reads them again after the file has been changed or replaced. Keys stay as
 * they are while the file is missing, malformed or has no key: a mistake neither locks everybody out nor lets anybody in.
 *
 * @param path a text file with the SHA-256 of one key a line, in hexadecimal; `#` starts a comment
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
  let hashes = readHashes(path);
  const reload = (): void => {
    try {
      hashes = readHashes(path);
      onReload({ keys: hashes.length });
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
    has: (key) => {
      const hash = createHash('sha256').update(key).digest();
      // All hashes are compared, so that timing does not reveal which ones match.
      return hashes.map((each) => timingSafeEqual(each, hash)).includes(true);
    },
    close: () => {
      clearInterval(poll);
      clearTimeout(quiet);
    },
  };
}

/** The two ways to send a key, as OpenAPI security schemes. */
export const KEY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'Needed only where the service has API keys.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'As an alternative to `bearer`.' },
} as const;

/** No key, or a key in either way: the setting API_KEYS_FILE decides whether one is needed. */
export const KEY_SECURITY: Record<string, string[]>[] = [
  {},
  ...Object.keys(KEY_SCHEMES).map((name) => ({ [name]: [] })),
];

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
    if (!offered.some((key) => keys.has(key)))
      throw new HttpProblem('forbidden', 'This API key is not accepted.');
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

function readHashes(path: string): Buffer[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UserError('settings-invalid', `API_KEYS_FILE ${path} cannot be read (${code}).`, { cause });
  }
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  const hashes = lines.flatMap((line, index) => {
    if (line === '') return [];
    if (!/^[0-9a-f]{64}$/i.test(line)) {
      throw new UserError(
        'settings-invalid',
        `Line ${index + 1} of API_KEYS_FILE ${path} is not the SHA-256 of a key in hexadecimal.`,
      );
    }
    return [Buffer.from(line, 'hex')];
  });
  if (hashes.length === 0) {
    throw new UserError(
      'settings-invalid',
      `API_KEYS_FILE ${path} has no key; write the SHA-256 of one key a line, or unset API_KEYS_FILE to let everybody in.`,
    );
  }
  return hashes;
}
