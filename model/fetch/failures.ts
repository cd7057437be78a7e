import { type FailureCode, UserError } from '../errors.ts';

interface FailureDetails {
  /** Default: download-failed. */
  readonly code?: FailureCode;
  /** Whether another attempt may succeed. Default: false. */
  readonly retryable?: boolean;
  /** The delay that the server asked for, in milliseconds. Default: 0. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A failed request. */
export class RequestFailure extends UserError {
  /** What failed: the start of a sentence. */
  readonly reason: string;
  /** What the user can do about it: the end of the sentence. */
  readonly advice: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number;

  constructor(reason: string, advice: string, details: FailureDetails = {}) {
    super(details.code ?? 'download-failed', `${reason}: ${advice}.`, { cause: details.cause });
    this.reason = reason;
    this.advice = advice;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs ?? 0;
  }
}

const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|ERR_SSL_|UND_ERR_PRX_TLS)/;
const NETWORK: readonly (readonly [code: RegExp, reason: (host: string) => string])[] = [
  [/^ENOTFOUND$/, (host) => `The name ${host} cannot be resolved`],
  [/^EAI_AGAIN$/, (host) => `The name ${host} cannot be resolved at the moment`],
  [/^ECONNREFUSED$/, (host) => `${host} refused the connection`],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_.*)$/, (host) => `${host} closed the connection`],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/, (host) => `There is no route to ${host}`],
  [/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS)_TIMEOUT)$/, (host) => `${host} did not answer in time`],
  [/^UND_ERR_BODY_TIMEOUT$/, (host) => `${host} stopped sending`],
];

/**
 * Describes an error below HTTP, in a request or in a response's body.
 *
 * @param answered whether any request has been answered before: an unknown name is then an outage, not a typo
 */
export function networkFailure(error: unknown, host: string, answered = true): RequestFailure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const details = { code: 'network-unreachable', cause: error } as const;
  // undici gives a proxy's refusal no code of its own, only a message with the status in brackets.
  const [, status] = /Proxy[^(]*\((\d{3})\)/.exec(message) ?? [];
  if (status !== undefined) {
    return new RequestFailure(
      `The proxy answered ${status} to a connection to ${host}`,
      'check HTTP_PROXY and HTTPS_PROXY, and their user name and password if the proxy requires them',
      { ...details, retryable: Number(status) >= 500 },
    );
  }
  if (CERTIFICATE.test(code)) {
    return new RequestFailure(
      `The certificate of ${host} is not trusted (${code})`,
      'if a proxy or mirror has its own certificate authority, name its file in NODE_EXTRA_CA_CERTS',
      details,
    );
  }
  if (code === 'UND_ERR_INVALID_ARG') {
    const reason = `${host} redirects in a loop or to an invalid address`;
    return new RequestFailure(reason, 'check the endpoint', { cause: error });
  }
  const known = NETWORK.find(([pattern]) => pattern.test(code))?.[1];
  return new RequestFailure(
    known?.(host) ?? `The connection to ${host} failed (${code || message})`,
    'check the connection, and HTTPS_PROXY and NO_PROXY if a proxy is needed',
    { ...details, retryable: code !== 'ENOTFOUND' || answered },
  );
}

const TEMPORARY = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Describes an HTTP status other than success.
 *
 * @param what what was requested, such as `the list of files`
 */
export function statusFailure(
  { status, host, header }: { status: number; host: string; header: (name: string) => string | undefined },
  what: string,
): RequestFailure {
  if (status === 401 || status === 403) {
    return new RequestFailure(
      `${host} denies access to ${what} (status ${status})`,
      'the model must be public, or MODELSCOPE_API_TOKEN must be a token of an account that may read it',
    );
  }
  const reason = `${host} answered ${status} to the request for ${what}`;
  if (!TEMPORARY.has(status)) return new RequestFailure(reason, 'check the endpoint');
  const retryAfterMs = parseRetryAfter(header('retry-after'));
  return new RequestFailure(reason, 'try again later', { retryable: true, retryAfterMs });
}

/** Milliseconds of a Retry-After header, which holds seconds or a date; 0 if it holds neither. */
function parseRetryAfter(text = ''): number {
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000;
  return Math.max(0, Date.parse(text) - Date.now()) || 0;
}
