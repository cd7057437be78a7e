import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import { ClientGone } from '../../inference/errors.ts';
import { PATHS } from '../../contract.ts';
import type { AppEnv } from '../context.ts';
import {
  CLIENT_CLOSED_REQUEST,
  RequestRecord,
  UNMATCHED,
  type RequestProblem,
} from '../../observability/request-record.ts';
import type { RequestObserver } from '../../requests/observer.ts';
import { noteRule, parserRefusalOf } from '../problems/parser-refusals.ts';

/** The part of a path that names the only version of the model; metrics have one route with and without it. */
const VERSION = '/versions/:version';

/** The label of a route in metrics: one for all paths of an operation. */
function labelOf(path: string): string {
  if (path.endsWith('*')) return UNMATCHED;
  return path === PATHS.predictJson ? PATHS.predict : path.replace(VERSION, '');
}

/**
 * Gives each request its record, and calls the observer before and after it.
 *
 * @param isDraining whether clients should close their connections
 */
export function observeRequests(
  isDraining: () => boolean,
  observer: RequestObserver = { end: () => undefined },
): ReturnType<typeof createMiddleware<AppEnv>> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const record = new RequestRecord();
    c.set('record', record);
    const headers = observer.begin?.(c.req.raw, record) ?? {};
    await next();
    // The response to an error is a new one, without headers that were set earlier.
    c.header('X-Request-Id', c.get('requestId'));
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    // A client that reused the connection would send its next request to a process that is shutting down.
    if (isDraining()) c.header('connection', 'close');
    const isGone = record.problem?.cause instanceof ClientGone;
    const end = (status: number, problem: RequestProblem | undefined, requestId = c.get('requestId')): void => {
      observer.end({ method: c.req.method, route: labelOf(routePath(c, -1)), status, requestId, record, problem });
    };
    // Tests call the application without a connection.
    const refusal = parserRefusalOf((c.env as AppEnv['Bindings'] | undefined)?.outgoing);
    if (refusal !== undefined) {
      noteRule(record, refusal.problem);
      end(refusal.problem.status, refusal.problem, refusal.requestId);
    } else if (isGone) end(CLIENT_CLOSED_REQUEST, undefined);
    else end(c.res.status, record.problem);
  });
}
