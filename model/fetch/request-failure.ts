import { type FailureCode, UserError } from '../errors.ts';

/** A failed request. */
export class RequestFailure extends UserError {
  /** What failed: the message without its advice. */
  readonly reason: string;
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;

  constructor(
    reason: string,
    advice: string,
    details: { readonly code?: FailureCode; readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(details.code ?? 'download-failed', `${reason}: ${advice}.`, { cause: details.cause });
    this.reason = reason;
    this.retryable = details.retryable ?? false;
  }
}

const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|ERR_SSL_|UND_ERR_PRX_TLS)/;
const NETWORK: readonly (readonly [code: RegExp, reason: string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'cannot be resolved'],
  [/^UND_ERR_INVALID_ARG$/, 'redirects in a loop or to an invalid address'],
  [/^ECONNREFUSED$/, 'refused the connection'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_.*)$/, 'closed the connection'],
  [/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/, 'did not answer in time'],
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
  const known = NETWORK.find(([pattern]) => pattern.test(code))?.[1];
  return new RequestFailure(
    `${host} ${known ?? `cannot be reached (${code || message})`}`,
    'check the connection, and HTTPS_PROXY and NO_PROXY if a proxy is needed',
    { ...details, retryable: code !== 'UND_ERR_INVALID_ARG' && (code !== 'ENOTFOUND' || answered) },
  );
}

/**
 * Describes an HTTP status other than success.
 *
 * @param what what was requested, such as a file's name
 */
export function statusFailure(status: number, host: string, what: string): RequestFailure {
  if (status === 401 || status === 403) {
    return new RequestFailure(
      `${host} denies access to ${what} (status ${status})`,
      'the model must be public, or MODELSCOPE_API_TOKEN must be a token of an account that may read it',
    );
  }
  if (status === 404) {
    const advice = "check the id on the model's page, and set MODELSCOPE_API_TOKEN if the model is private";
    return new RequestFailure(`${host} has no ${what}`, advice, { code: 'model-unknown' });
  }
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  const advice = retryable ? 'try again later; what has arrived is kept' : 'check the endpoint';
  return new RequestFailure(`${host} answered ${status} to the request for ${what}`, advice, { retryable });
}
