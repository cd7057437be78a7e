import type { FailureCode } from '../errors.ts';

interface AttemptDetails {
  readonly code?: FailureCode;
  /** Whether another attempt may succeed. Default: false. */
  readonly again?: boolean;
  /** How long the server asked to wait, in milliseconds. */
  readonly afterMs?: number;
  /** What a user can do about it: the rest of a sentence. */
  readonly advice?: string;
  readonly cause?: unknown;
}

/** One request that failed. Its message is the first part of a sentence, without a full stop. */
export class AttemptFailed extends Error {
  readonly code: FailureCode;
  readonly again: boolean;
  readonly afterMs: number | undefined;
  readonly advice: string | undefined;

  constructor(message: string, details: AttemptDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'AttemptFailed';
    this.code = details.code ?? 'download-failed';
    this.again = details.again ?? false;
    this.afterMs = details.afterMs;
    this.advice = details.advice;
  }
}

const PROXY_ADVICE = 'check the connection, and HTTPS_PROXY and NO_PROXY where a proxy is needed';
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|ERR_SSL_|UND_ERR_PRX_TLS)/;
const CERTIFICATE_ADVICE =
  'where a proxy or mirror has a certificate of its own, name its authority in NODE_EXTRA_CA_CERTS';

const NETWORK: Readonly<Record<string, (host: string) => string>> = {
  EAI_AGAIN: (host) => `The name ${host} could not be resolved for now`,
  ECONNREFUSED: (host) => `${host} refused the connection`,
  ECONNRESET: (host) => `${host} broke the connection`,
  EHOSTUNREACH: (host) => `There is no route to ${host}`,
  ENETUNREACH: (host) => `There is no route to ${host}`,
  ENETDOWN: () => 'The network is down',
  EPIPE: (host) => `${host} broke the connection`,
  ETIMEDOUT: (host) => `${host} did not answer in time`,
  UND_ERR_BODY_TIMEOUT: (host) => `${host} stopped sending`,
  UND_ERR_CONNECT_TIMEOUT: (host) => `${host} did not answer in time`,
  UND_ERR_HEADERS_TIMEOUT: (host) => `${host} did not answer in time`,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: (host) => `${host} broke the connection`,
  UND_ERR_SOCKET: (host) => `${host} broke the connection`,
};

/**
 * What the failure of a request or of a body below HTTP means.
 *
 * @param answered whether the host has answered before: a name that could be resolved once is not misspelt
 */
export function networkFailure(error: unknown, host: string, answered = false): AttemptFailed {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND') {
    return new AttemptFailed(`The name ${host} cannot be resolved`, {
      code: 'network-unreachable',
      again: answered,
      advice: PROXY_ADVICE,
      cause: error,
    });
  }
  if (CERTIFICATE.test(code)) {
    return new AttemptFailed(`The certificate of ${host} is not trusted (${code})`, {
      code: 'network-unreachable',
      advice: CERTIFICATE_ADVICE,
      cause: error,
    });
  }
  const status = /Proxy[^(]*\((\d{3})\)/.exec(error instanceof Error ? error.message : '')?.[1];
  if (status !== undefined) {
    return new AttemptFailed(`The proxy answered ${status} to a connection with ${host}`, {
      code: 'network-unreachable',
      again: Number(status) >= 500,
      advice: 'check HTTP_PROXY and HTTPS_PROXY, with user and password where the proxy asks for them',
      cause: error,
    });
  }
  const known = NETWORK[code];
  return new AttemptFailed(known?.(host) ?? `The connection with ${host} failed (${code || 'unknown'})`, {
    code: 'network-unreachable',
    again: true,
    advice: PROXY_ADVICE,
    cause: error,
  });
}

/** Statuses that a later attempt may not get. */
const TEMPORARY = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * What an HTTP status other than success means.
 *
 * @param what was asked for, such as `the list of files`
 */
export function statusFailure(
  { status, host, retryAfter }: { status: number; host: string; retryAfter?: string | undefined },
  what: string,
): AttemptFailed {
  if (status === 401 || status === 403) {
    return new AttemptFailed(`${host} refuses ${what} with status ${status}`, {
      advice: 'the model must be public, or the endpoint must carry a user and a password',
    });
  }
  const again = TEMPORARY.has(status);
  const afterMs = again ? parseRetryAfter(retryAfter) : undefined;
  return new AttemptFailed(`${host} answered ${status} to the request for ${what}`, {
    again,
    ...(afterMs !== undefined && { afterMs }),
    advice: again ? 'try again later' : 'check the endpoint',
  });
}

/** Milliseconds of a Retry-After header: seconds or a date. */
function parseRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
