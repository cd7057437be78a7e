import { request, type Dispatcher } from 'undici';
import { UserError } from '../errors.ts';
import { version } from '../version.ts';
import { AttemptFailed, networkFailure } from './attempt.ts';
import { proxyAware } from './proxies.ts';

export interface HttpOptions {
  /** Most connections to one host. */
  readonly connections: number;
  /** How long a connection, an answer or the next piece of a body may take. */
  readonly stallMs: number;
  /** Sent to this origin alone: a redirect to another host never carries it. */
  readonly authorization?: { readonly origin: string; readonly value: string };
}

/** The head of an answer, with its body still to be read or dropped. */
export interface HttpAnswer {
  readonly status: number;
  /** The host that answered, after redirects. */
  readonly host: string;
  readonly header: (name: string) => string | undefined;
  readonly body: Dispatcher.ResponseData['body'];
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** GET requests that honour the environment's proxies and follow redirects. */
export class HttpClient {
  readonly #dispatcher: Dispatcher;
  readonly #options: HttpOptions;
  /** Hosts that have answered. */
  readonly #answered = new Set<string>();

  /** @throws UserError (settings-invalid) if a proxy variable is no address */
  constructor(options: HttpOptions) {
    this.#options = options;
    const { connections, stallMs } = options;
    this.#dispatcher = proxyAware({
      connections,
      connectTimeout: stallMs,
      headersTimeout: stallMs,
      bodyTimeout: stallMs,
    });
  }

  /**
   * Asks for an address. Redirects are followed to any host, but never from https to http.
   *
   * @throws AttemptFailed if no answer comes; whatever status comes is an answer
   * @throws UserError (settings-invalid) if the way leads by a proxy that is not supported
   */
  async get(
    address: string,
    { range, signal }: { readonly range?: string; readonly signal: AbortSignal },
  ): Promise<HttpAnswer> {
    let url = new URL(address);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const answer = await this.#ask(url, range, signal);
      const location = REDIRECTS.has(answer.status) ? answer.header('location') : undefined;
      if (location === undefined) {
        await refuseEncoding(answer);
        return answer;
      }
      await discard(answer);
      url = redirected(url, location);
    }
    throw new AttemptFailed(`${url.host} redirects more than ${MAX_REDIRECTS} times`, {
      advice: 'check the endpoint',
    });
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #ask(url: URL, range: string | undefined, signal: AbortSignal): Promise<HttpAnswer> {
    const { authorization } = this.#options;
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: this.#dispatcher,
        signal,
        headers: {
          'user-agent': `ofa-ve/${version}`,
          // Ranges and sums are of the file's own bytes.
          'accept-encoding': 'identity',
          ...(range !== undefined && { range }),
          ...(authorization?.origin === url.origin && { authorization: authorization.value }),
        },
      });
      this.#answered.add(url.host);
      const header = (name: string): string | undefined => {
        const value = headers[name];
        return Array.isArray(value) ? value[0] : value;
      };
      return { status: statusCode, host: url.host, header, body };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UserError) throw error;
      throw networkFailure(error, url.host, this.#answered.has(url.host));
    }
  }
}

/** Bytes of an unread body up to which reading it on is cheaper than a new connection. */
const CHEAP_BODY = 64 << 10;

/** Drops a body that nobody reads; a long one with its connection. */
export async function discard({ body }: HttpAnswer): Promise<void> {
  // That a body breaks which nobody wants is nobody's failure.
  await body.dump({ limit: CHEAP_BODY }).catch(() => undefined);
}

/** Where a redirect leads. @throws AttemptFailed where it must not be followed */
export function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) {
    throw new AttemptFailed(`${from.host} redirects to what is no web address`, {
      advice: 'check the endpoint',
    });
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new AttemptFailed(`${from.host} redirects from https to http, which is not followed`, {
      advice: 'choose another endpoint',
    });
  }
  // A password in the address of another host is not ours to send.
  to.username = '';
  to.password = '';
  return to;
}

async function refuseEncoding(answer: HttpAnswer): Promise<void> {
  const encoding = answer.header('content-encoding') ?? 'identity';
  if (encoding === 'identity') return;
  await discard(answer);
  throw new AttemptFailed(`${answer.host} answers with the encoding ${encoding}, which was not asked for`, {
    advice: 'choose another endpoint, or a proxy that leaves files as they are',
  });
}
