import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { getRequestListener, type HttpBindings, RequestError } from '@hono/node-server';
import { IDLE_CONNECTION_MS } from '../contract.ts';
import { CONNECTION_LIMITS, Connections, type ConnectionLimits } from './connections.ts';
import type { App } from './context.ts';
import type { Gate } from './overload-gate.ts';
import { answerParserErrors, recordRefusal } from './parser-errors.ts';
import { listenAt, portOf, settle } from '../requests/listen-at.ts';
import type { Listener } from '../requests/listener.ts';
import type { RequestObserver } from '../requests/observer.ts';
import { HttpProblem } from '../requests/problem.ts';
import { requestIdOf } from '../requests/request-id.ts';
import { toProblem } from '../requests/to-problem.ts';
import {
  awaitRest,
  closeUnlessRead,
  deferContinue,
  DISCARD_LIMITS,
  type DiscardLimits,
  discardRest,
} from './body/unread-body.ts';

/** How long a client may take to send its headers; after them the request's deadline applies. */
const HEADERS_MS = 15_000;
/** How often Node.js looks for clients that take longer; its default is 30 s. */
const HEADERS_CHECK_MS = 1000;
const IDLE_SWEEP_MS = 100;
/** Time for the first request of a connection that was accepted last. */
const FIRST_REQUEST_MS = 500;

export interface ListenOptions {
  /** The setting that the port comes from, for error messages. */
  readonly setting: 'PORT' | 'ADMIN_PORT';
  /** How much of refused bodies is read. */
  readonly discardLimits?: DiscardLimits;
  /** Most open connections; further ones are closed at once. @default any number */
  readonly maxConnections?: number;
  readonly connectionLimits?: ConnectionLimits;
  /** How long a client may take to send its headers. */
  readonly headersMs?: number;
  /** Sees each request before the application. */
  readonly gate?: Gate;
  /** Called for the requests that the application never sees, since they are invalid. */
  readonly observer?: RequestObserver;
}

/**
 * Serves an application.
 *
 * @param port 0 picks a free one
 * @throws UserError `address-unavailable`
 */
export async function listen(app: App, host: string, port: number, options: ListenOptions): Promise<Listener> {
  const server = createServer({
    keepAliveTimeout: IDLE_CONNECTION_MS,
    headersTimeout: options.headersMs ?? HEADERS_MS,
    connectionsCheckingInterval: HEADERS_CHECK_MS,
    requestTimeout: 0,
    // Refused by `refuse`: Node.js would send no body.
    requireHostHeader: false,
  });
  // Node.js would otherwise abort a request when its client ends its side of the connection.
  Object.assign(server, { httpAllowHalfOpen: true });
  // Node.js would silently drop all headers after the first 2,000: a proxy's X-Forwarded-For, for example. 16 KiB bound them.
  server.maxHeadersCount = 0;
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  const connections = new Connections(server, options.connectionLimits ?? CONNECTION_LIMITS);
  answerParserErrors(server, connections, options.observer);
  const serve = serveWith(app, connections, options);
  server.on('request', serve);
  server.on('checkContinue', (incoming, outgoing) => {
    deferContinue(outgoing);
    serve(incoming, outgoing);
  });
  // Any other expectation may be ignored; Node.js would refuse it with an empty body.
  server.on('checkExpectation', serve);
  await listenAt(server, { host, port, setting: options.setting });
  return {
    port: portOf(server, port),
    close: () => close(server, connections),
    destroy: () => {
      server.closeAllConnections();
    },
  };
}

function serveWith(
  app: App,
  connections: Connections,
  { discardLimits = DISCARD_LIMITS, gate, observer }: ListenOptions,
): RequestListener {
  const answer = async (request: Request, env: unknown): Promise<Response> => {
    const { incoming, outgoing } = env as HttpBindings;
    checkHost(incoming);
    const response = await app.fetch(request, env as HttpBindings);
    await awaitRest(incoming, outgoing, discardLimits);
    return response;
  };
  const handle: RequestListener = (incoming, outgoing) => {
    // One for each request: an errorHandler is not told which request the error is of.
    const handleOne = getRequestListener(answer, {
      overrideGlobalObjects: false,
      // Its own cleanup would destroy the connection after half a second, and the answer with it.
      autoCleanupIncoming: false,
      errorHandler: (error) => refuse(error, incoming, observer),
    });
    void handleOne(incoming, outgoing);
  };
  return (incoming, outgoing) => {
    const { headers, httpVersion } = incoming;
    // HTTP/1.0 does not require Host; probes of load balancers leave it out.
    if (httpVersion === '1.0') headers.host ??= 'localhost';
    if (headers.host !== undefined) headers.host = usualForm(headers.host);
    connections.begin(incoming, outgoing, () => {
      // Before Node.js's own listener, which may close the connection.
      outgoing.prependOnceListener('finish', () => {
        discardRest(incoming, discardLimits);
      });
      closeUnlessRead(incoming, outgoing);
      // Without exactly one Host it is another error.
      const refusal = hostsOf(incoming).length === 1 ? gate?.(incoming, outgoing) : undefined;
      if (refusal === undefined) handle(incoming, outgoing);
      else void awaitRest(incoming, outgoing, discardLimits).then(refusal);
    });
  };
}

/** Answers a request whose URL or Host is invalid, which the application never sees. */
function refuse(
  error: unknown,
  { headers, url = '' }: IncomingMessage,
  observer: RequestObserver | undefined,
): Response {
  const requestId = requestIdOf(headers['x-request-id']?.toString());
  const problem = problemOf(error);
  const response = problem.toResponse(requestId, url.split('?', 1)[0]);
  response.headers.set('x-request-id', requestId);
  recordRefusal(observer, problem, requestId);
  return response;
}

function problemOf(error: unknown): HttpProblem {
  if (!(error instanceof RequestError)) return toProblem(error);
  const detail = 'The header Host is missing or does not form a valid URL with the path: http://<Host><path>.';
  return new HttpProblem('invalid-field', detail, { field: 'Host', cause: error });
}

/**
 * A host as node-server takes it: without the colon of an empty port (RFC 3986, section 3.2.3), and with an address of IPv6
 * in its shortest form, as Java writes others.
 */
function usualForm(host: string): string {
  const name = host.replace(/(?<=.):$/, '');
  const [, address = '', port = ''] = /^\[([\da-f:.]+)\](:\d+)?$/i.exec(name) ?? [];
  return isIPv6(address) ? `${new URL(`http://[${address}]`).hostname}${port}` : name;
}

function hostsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
}

/** Node.js takes the first of several; a proxy in front may have taken another. */
function checkHost(incoming: IncomingMessage): void {
  if (hostsOf(incoming).length <= 1) return;
  throw new HttpProblem('invalid-field', 'The header Host may be given only once.', { field: 'Host' });
}

async function close(server: Server, connections: Connections): Promise<void> {
  // The kernel would reset the connections that are not accepted.
  await settle(server);
  const closed = once(server, 'close');
  // Node.js would close idle connections now, from version 26 on also those whose first request is on its way.
  server.closeIdleConnections = () => undefined;
  server.close();
  // Headers have no timeout any more, and a connection that becomes idle later would stay open for its keep-alive time.
  const sweep = setInterval(() => {
    connections.closeIdle(FIRST_REQUEST_MS);
  }, IDLE_SWEEP_MS);
  await closed;
  clearInterval(sweep);
}
