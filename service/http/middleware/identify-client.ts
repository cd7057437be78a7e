import { createMiddleware } from 'hono/factory';
import type { MiddlewareHandler } from 'hono';
import type { Identify } from '../../requests/identify.ts';
import type { AppEnv } from '../context.ts';

/** Names the client of each request, and refuses one that may not send it. @throws as {@link Identify} */
export function identifyClient(identify: Identify): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    // Tests call the application without a connection.
    const bindings = c.env as AppEnv['Bindings'] | undefined;
    const client = identify({
      header: (name) => c.req.header(name),
      address: bindings?.incoming?.socket.remoteAddress,
      record: c.get('record'),
    });
    if (client !== undefined) c.set('client', client);
    await next();
  });
}
