import { expect, it } from 'vitest';
import { fakeService, postJson } from '../fake-service.ts';

it('asks clients to close their connections while the service drains', async () => {
  expect((await fakeService({ draining: true }).app.request('/livez')).headers.get('connection')).toBe('close');
  expect((await fakeService().app.request('/livez')).headers.get('connection')).toBeNull();
});

it('returns the request id of the client, or a new one', async () => {
  const { app } = fakeService();
  const body = { image: Buffer.from([1, 2, 3]).toString('base64'), text: 'a' };
  const named = await postJson(app, body, { 'x-request-id': 'job-17_b' });
  expect(named.headers.get('x-request-id')).toBe('job-17_b');
  const odd = await postJson(app, body, { 'x-request-id': 'a b{}"' });
  expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

it('counts JSON at its own path as the same route', async () => {
  const { app, summaries } = fakeService();
  for (const path of ['/predict', '/predict/json', '/predict/json/']) await app.request(path, { method: 'POST' });
  expect(summaries.map(({ route }) => route)).toEqual(['/predict', '/predict', '/predict']);
});
