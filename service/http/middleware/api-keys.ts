import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createMiddleware } from 'hono/factory';
import type { MiddlewareHandler } from 'hono';
import { UserError } from '../../../model/errors.ts';
import type { AppEnv } from '../context.ts';
import { HttpProblem } from '../problems/problem.ts';

/** How often the file is looked at: it may be a mounted secret, for which no events come. */
const POLL_MS = 2000;
/** Looks at the file without a change before it is read: it may be written in place, bit by bit. */
const QUIET_POLLS = 1.5;

/** The keys that may call. */
export interface ApiKeys {
  has(key: string): boolean;
  /** Looks at the file no more. */
  close(): void;
}

/**
 * Reads the hashes of the accepted keys, and again when the file has changed, or another has taken its place, and has
 * then stayed as it is. A file that is missing, is not as it should be, or has no key leaves the keys as they were: it
 * neither locks everybody out nor lets anybody in.
 *
 * @param path a text file: the SHA-256 of one key a line, in hexadecimal; `#` starts a comment
 * @param onReload told of each reload: how many keys, or what is wrong
 * @throws UserError `settings-invalid` when the file cannot be read at the start, or has no key
 */
export function openApiKeys(
  path: string,
  onReload: (result: { keys: number } | { error: string }) => void,
  pollMs = POLL_MS,
): ApiKeys {
  // Before the reading: a change that comes in between is one still to be seen.
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
  const look = setInterval(() => {
    const found = stampOf(path);
    if (found === stamp) return;
    stamp = found;
    clearTimeout(quiet);
    quiet = setTimeout(reload, pollMs * QUIET_POLLS).unref();
  }, pollMs).unref();
  return {
    has: (key) => {
      const hash = createHash('sha256').update(key).digest();
      // Every hash is compared, so that the time says nothing of where, or whether, it is in the file.
      return hashes.map((each) => timingSafeEqual(each, hash)).includes(true);
    },
    close: () => {
      clearInterval(look);
      clearTimeout(quiet);
    },
  };
}

/** The two ways to send a key, as OpenAPI describes them. */
export const KEY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'Where the service has API keys.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same.' },
} as const;

/** A key either way, or none: whether one is needed is a setting of the service. */
export const KEY_SECURITY: Record<string, string[]>[] = [
  {},
  ...Object.keys(KEY_SCHEMES).map((name) => ({ [name]: [] })),
];

/**
 * Asks for a key, as `Authorization: Bearer <key>` or `X-API-Key: <key>`. Either will do: a gateway in front may send its
 * own token as the other.
 *
 * @throws HttpProblem `unauthorized` without a key, `forbidden` with others
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

/** What changes with the file; empty where there is none to be seen. */
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
