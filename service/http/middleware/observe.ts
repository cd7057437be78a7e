import { createMiddleware } from 'hono/factory';
import { routePath } from 'hono/route';
import { ClientGone } from '../../inference/errors.ts';
import type { AppEnv } from '../context.ts';
import type { Health } from '../probes/health.ts';
import { CLIENT_CLOSED_REQUEST, RequestRecord, UNMATCHED } from '../../observability/request-record.ts';
import type { RequestSummary } from '../../observability/request-record.ts';

/** Hears of requests. */
export interface RequestListener {
  /** A request came; what is returned is set as headers of its answer. */
  begin?(request: Request, record: RequestRecord): Readonly<Record<string, string>>;
  /** It was answered. */
  end(summary: RequestSummary): void;
}

/** The part of a path that names the one version of the model: with and without it, it is the same route. */
const VERSION = '/versions/:version';

/** Gives each request its record, and tells the listener when it is answered. */
export function observeRequests(
  health: Health,
  listener: RequestListener = { end: () => undefined },
): ReturnType<typeof createMiddleware<AppEnv>> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const record = new RequestRecord();
    c.set('record', record);
    const headers = listener.begin?.(c.req.raw, record) ?? {};
    await next();
    // An error's answer is a new one, without the headers that were set before.
    c.header('X-Request-Id', c.get('requestId'));
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    // A connection that is kept alive would send its next request to a process that leaves.
    if (health.draining) c.header('connection', 'close');
    const path = routePath(c, -1);
    listener.end({
      method: c.req.method,
      route: path.endsWith('*') ? UNMATCHED : path.replace(VERSION, ''),
      status: record.problem?.cause instanceof ClientGone ? CLIENT_CLOSED_REQUEST : c.res.status,
      requestId: c.get('requestId'),
      record,
      problem: record.problem,
    });
  });
}
