import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from 'undici';
import { BODY_BUFFER_BYTES, MAX_REDIRECTS } from '../http-client.ts';
import { checkProxies } from '../proxies.ts';
import { version } from '../version.ts';
import { networkFailure, RequestFailure, statusFailure } from './request-failure.ts';
import type { ModelSource } from './source.ts';

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

/** Sends GET requests for one model to its hub, through the proxies that the environment names. */
export class HubClient {
  readonly source: ModelSource;
  readonly #stallMs: number;
  readonly #agent: Dispatcher;
  #answered = false;

  /**
   * @param stallMs how long connecting, a response's headers, or the next bytes of its body may take
   * @throws UserError (settings-invalid) if a proxy variable holds an invalid address or a SOCKS proxy
   */
  constructor(source: ModelSource, stallMs: number, agent = proxyAgent(stallMs)) {
    this.source = source;
    this.#stallMs = stallMs;
    this.#agent = agent;
  }

  /**
   * Follows redirects, without the token where they lead to another origin.
   *
   * @param path path and query below the model's own, without the revision
   * @param what what is requested, for errors
   * @param from first byte to request. Default: 0
   * @throws RequestFailure if there is no response, or one of another status than 200 and 206
   */
  async get(path: string, what: string, signal: AbortSignal, from = 0): Promise<HttpResponse> {
    const { endpoint, id, revision, token } = this.source;
    const address = new URL(`${endpoint}/api/v1/models/${id}/${path}`);
    address.searchParams.set('Revision', revision);
    let { host, protocol } = address;
    /** Notes which host a request goes to, for errors, and keeps redirects from leaving HTTPS. */
    const watch: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
      const next = new URL(String(options.origin));
      if (protocol === 'https:' && next.protocol !== protocol) {
        const reason = `${host} redirects from https to http, which is not allowed`;
        throw new RequestFailure(reason, 'choose another endpoint');
      }
      ({ host, protocol } = next);
      return dispatch(options, handler);
    };
    try {
      const { statusCode, headers, body } = await request(address, {
        dispatcher: this.#agent.compose(watch, interceptors.redirect({ maxRedirections: MAX_REDIRECTS })),
        signal,
        highWaterMark: BODY_BUFFER_BYTES,
        // An agent's own time limits do not reach requests through an http proxy.
        headersTimeout: this.#stallMs,
        bodyTimeout: this.#stallMs,
        headers: {
          'user-agent': `ofa-ve/${version}`,
          // Ranges and checksums apply to the file's own bytes.
          'accept-encoding': 'identity',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(from > 0 && { range: `bytes=${from}-` }),
        },
      });
      this.#answered = true;
      if (statusCode !== 200 && statusCode !== 206) {
        await body.dump().catch(() => undefined);
        throw statusFailure(statusCode, host, what);
      }
      return { status: statusCode, host, header: (name) => [headers[name]].flat()[0], body: chunks(body, host) };
    } catch (error) {
      throw error instanceof RequestFailure ? error : networkFailure(error, host, this.#answered);
    }
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

async function* chunks(body: AsyncIterable<unknown>, host: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield* body as AsyncIterable<Buffer>;
  } catch (error) {
    throw networkFailure(error, host);
  }
}

/** Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in capitals or not. */
function proxyAgent(connectTimeout: number): Dispatcher {
  checkProxies(process.env);
  // Tunnels are for https alone: many proxies allow none to other ports.
  return new EnvHttpProxyAgent({ connectTimeout, proxyTunnel: false });
}
