import { describe, expect, it } from 'vitest';
import { fakeService, postJson } from '../fake-service.ts';

const ok = { image: Buffer.from([1, 2, 3]).toString('base64'), text: 'a dog' };

describe('CORS and security headers', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  };

  it('allow only listed origins', async () => {
    const closed = await fakeService().app.request('/predict', preflight);
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const { app } = fakeService({ deps: { corsOrigins: ['https://app.example'] } });
    const open = await app.request('/predict', preflight);
    expect([open.status, open.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
    const other = await app.request('/predict', {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://evil.example' },
    });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    const answer = await postJson(app, ok, { origin: 'https://app.example' });
    expect(answer.headers.get('access-control-expose-headers')).toContain('Inference-Header-Content-Length');
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });

  // Of the service, of OpenTelemetry, of Sentry, and of a client of a page's own.
  it('let pages of listed origins send any headers', async () => {
    const { app } = fakeService({ deps: { corsOrigins: ['https://app.example'] } });
    const sent =
      'baggage,content-encoding,content-type,sentry-trace,traceparent,x-api-key,x-client,x-request-timeout-ms';
    const headers = { ...preflight.headers, 'access-control-request-headers': sent };
    const open = await app.request('/predict', { ...preflight, headers });
    expect(open.headers.get('access-control-allow-headers')).toBe(sent);
    expect(open.headers.get('access-control-allow-methods')).toBe('GET,POST');
  });

  it.each(['/livez', '/predict', '/nothing', '/docs'])('restrict what browsers do with %s', async (path) => {
    const { headers } = await fakeService().app.request(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    // Would bind the whole host to HTTPS, which is for what terminates TLS to say.
    expect(headers.get('strict-transport-security')).toBeNull();
  });
});
