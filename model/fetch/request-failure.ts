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
/** undici's errors for a redirect to an invalid address, and (without a code of its own) for a proxy's status 4xx. */
const PERMANENT = /^UND_ERR_INVALID_ARG|Proxy.*\(4\d\d\)/;

/**
 * Describes an error below HTTP, in a request or in a response's body, by the first sentence of its message. Messages
 * of Node.js and undici name hosts and ports, but no paths or passwords; some go on with hints for programmers.
 *
 * @param answered whether any request has been answered before: an unknown name is then an outage, not a typo
 */
export function networkFailure(error: unknown, host: string, answered = true): RequestFailure {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const isCertificate = CERTIFICATE.test(code);
  const advice = isCertificate
    ? 'if a proxy or mirror has its own certificate authority, name its file in NODE_EXTRA_CA_CERTS'
    : 'check the connection, and HTTP_PROXY, HTTPS_PROXY and NO_PROXY if a proxy is needed';
  const isPermanent = isCertificate || PERMANENT.test(`${code} ${message}`) || (code === 'ENOTFOUND' && !answered);
  const [cause] = (message || code).split(/\.(?:\s|$)/);
  return new RequestFailure(`The connection to ${host} failed (${cause})`, advice, {
    code: 'network-unreachable',
    retryable: !isPermanent,
    cause: error,
  });
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
