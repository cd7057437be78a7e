import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import { secureHeaders } from 'hono/secure-headers';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../context.ts';
import { TIMEOUT_HEADER } from './deadline.ts';
import { JSON_LENGTH_HEADER } from '../open-inference/request.ts';

/** What a browser may do with an answer that is no page: nothing. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/** Headers with which every answer keeps browsers from doing more with it than is meant. */
export function securityHeaders(): MiddlewareHandler[] {
  return [
    secureHeaders({
      // Whoever ends TLS in front of the service decides on this.
      strictTransportSecurity: false,
      xFrameOptions: 'DENY',
    }),
    createMiddleware(async (c, next) => {
      await next();
      if (!c.res.headers.has('content-security-policy')) {
        c.header('content-security-policy', NO_PAGE);
      }
    }),
  ];
}

/** Lets browsers call from these origins; none are allowed unless they are listed. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler<AppEnv>[] {
  if (origins.length === 0) return [];
  return [
    cors({
      origin: [...origins],
      allowMethods: ['GET', 'POST'],
      allowHeaders: [
        'Content-Type',
        'Authorization',
        'X-API-Key',
        'X-Request-Id',
        TIMEOUT_HEADER,
        JSON_LENGTH_HEADER,
        'traceparent',
        'tracestate',
      ],
      exposeHeaders: ['X-Request-Id', 'Retry-After', JSON_LENGTH_HEADER, 'traceresponse'],
      maxAge: 600,
    }),
  ];
}
