import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from 'undici';
import { UserError } from '../errors.ts';
import { version } from '../version.ts';
import { networkFailure, RequestFailure, statusFailure } from './request-failure.ts';

/** A response whose body has not been read. */
export interface HttpResponse {
  /** 200 or 206. */
  readonly status: number;
  /** The host that answered, after redirects. */
  readonly host: string;
  readonly header: (name: string) => string | undefined;
  /** To be read at once, without waiting between chunks. Throws {@link RequestFailure} if the connection breaks. */
  readonly body: AsyncIterable<Buffer>;
}

const MAX_REDIRECTS = 5;
/**
 * More than arrives in one turn of the event loop. undici 7 crashes the process if a server closes the connection
 * while a full buffer has paused the response (nodejs/undici#5360, fixed in version 8, which needs Node.js 22), so
 * readers must take the body as it arrives.
 */
const BODY_BUFFER_BYTES = 4 << 20;

/** Sends GET requests through the proxies that the environment names, and follows redirects. */
export class HttpClient {
  readonly #agent: Dispatcher;
  readonly #headers: Record<string, string>;
  readonly #stallMs: number;
  #answered = false;

  /**
   * @param stallMs how long connecting, a response's headers, or the next bytes of its body may take
   * @param authorization Authorization header; a redirect to another origin does not carry it
   * @throws UserError (settings-invalid) if a proxy variable holds an invalid address or a SOCKS proxy
   */
  constructor(stallMs: number, authorization: string | undefined) {
    this.#agent = proxyAgent(stallMs);
    this.#stallMs = stallMs;
    this.#headers = {
      'user-agent': `ofa-ve/${version}`,
      // Ranges and checksums apply to the file's own bytes.
      'accept-encoding': 'identity',
      ...(authorization !== undefined && { authorization }),
    };
  }

  /**
   * @param what what is requested, for errors
   * @param from first byte to request. Default: 0
   * @throws RequestFailure if there is no response, or one of another status than 200 and 206
   */
  async get(address: string, what: string, signal: AbortSignal, from = 0): Promise<HttpResponse> {
    const hops = new HopGuard();
    try {
      const { statusCode, headers, body } = await request(address, {
        dispatcher: this.#agent.compose(hops.interceptor, interceptors.redirect({ maxRedirections: MAX_REDIRECTS })),
        signal,
        highWaterMark: BODY_BUFFER_BYTES,
        // An agent's own time limits do not reach requests through an http proxy.
        headersTimeout: this.#stallMs,
        bodyTimeout: this.#stallMs,
        headers: from === 0 ? this.#headers : { ...this.#headers, range: `bytes=${from}-` },
      });
      this.#answered = true;
      if (statusCode !== 200 && statusCode !== 206) {
        await body.dump().catch(() => undefined);
        throw statusFailure(statusCode, hops.host, what);
      }
      return {
        status: statusCode,
        host: hops.host,
        header: (name) => [headers[name]].flat()[0],
        body: chunks(body, hops.host),
      };
    } catch (error) {
      throw error instanceof RequestFailure ? error : networkFailure(error, hops.host, this.#answered);
    }
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Watches where one request is redirected to, and keeps it from leaving HTTPS. */
export class HopGuard {
  /** The host of the last request. */
  host = '';
  #protocol = '';

  readonly interceptor: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const { host, protocol } = new URL(String(options.origin));
    if (this.#protocol === 'https:' && protocol === 'http:') {
      const reason = `${this.host} redirects from https to http, which is not allowed`;
      throw new RequestFailure(reason, 'choose another endpoint');
    }
    this.host = host;
    this.#protocol = protocol;
    return dispatch(options, handler);
  };
}

async function* chunks(body: AsyncIterable<unknown>, host: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (error) {
    throw networkFailure(error, host);
  }
}

/** Reads the proxy variables as curl does; undici does not know ALL_PROXY. */
function proxyAgent(connectTimeout: number): Dispatcher {
  const all = proxyVariable('ALL_PROXY');
  const httpProxy = proxyVariable('HTTP_PROXY') ?? all ?? '';
  const httpsProxy = proxyVariable('HTTPS_PROXY') ?? all ?? httpProxy;
  try {
    // undici's own support for SOCKS is experimental and ignores the time limits.
    if ([httpProxy, httpsProxy].some((proxy) => /^socks/i.test(proxy))) throw new Error('SOCKS is not supported');
    // Tunnels are for https alone: many proxies allow none to other ports. An empty address means no proxy.
    return new EnvHttpProxyAgent({ connectTimeout, httpProxy, httpsProxy, proxyTunnel: false });
  } catch (error) {
    // The value is not repeated: it may hold a password.
    throw new UserError(
      'settings-invalid',
      'HTTP_PROXY, HTTPS_PROXY and ALL_PROXY must be addresses of http or https proxies, such as ' +
        'http://proxy.example:3128, or unset; SOCKS is not supported.',
      { cause: error },
    );
  }
}

/** A variable in lower case takes precedence; an empty one counts as unset. */
function proxyVariable(upper: string): string | undefined {
  return [upper.toLowerCase(), upper].map((name) => process.env[name]?.trim()).find(Boolean);
}
