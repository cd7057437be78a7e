import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import { secureHeaders } from 'hono/secure-headers';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../context.ts';

/** For responses that are not pages: a browser may load nothing for them. */
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Adds security headers to every response. A page sets its own content security policy. */
export function securityHeaders(): MiddlewareHandler[] {
  return [
    secureHeaders({
      // Left to what terminates TLS in front of the service.
      strictTransportSecurity: false,
      xFrameOptions: 'DENY',
    }),
    createMiddleware(async (c, next) => {
      await next();
      if (!c.res.headers.has('content-security-policy')) {
        c.header('content-security-policy', API_POLICY);
      }
    }),
  ];
}

/**
 * Lets pages of these origins call the service, with any headers: a browser sends nothing at all if one is not allowed,
 * and tracing and monitoring add theirs to a page's requests.
 *
 * @param origins none are allowed unless they are listed
 * @param header a header of responses besides the usual ones
 */
export function allowOrigins(origins: readonly string[], header: string): MiddlewareHandler<AppEnv>[] {
  if (origins.length === 0) return [];
  return [
    cors({
      origin: [...origins],
      allowMethods: ['GET', 'POST'],
      exposeHeaders: ['X-Request-Id', 'Retry-After', 'traceresponse', header],
      maxAge: 600,
    }),
  ];
}
