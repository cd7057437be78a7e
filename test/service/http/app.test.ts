import { describe, expect, it } from 'vitest';
import { createAdminApp } from '../../../service/http/admin-app.ts';
import { Metrics } from '../../../service/observability/metrics.ts';
import { fakeKeys, expectProblem, fakeService, formOf } from './fake-service.ts';

describe('an unknown path or method', () => {
  it('is answered 404', async () => {
    const { app, summaries } = fakeService();
    await expectProblem(await app.request('/nothing'), 404, 'not-found');
    expect(summaries[0]?.problem?.problem).toBe('not-found');
  });

  it('is answered with the port that has it, for the log, too', async () => {
    const { app, summaries, deps } = fakeService();
    const metrics = new Metrics();
    const admin = createAdminApp(deps.health, metrics, deps.observer);
    const details = [
      await expectProblem(await app.request('/metrics'), 404, 'not-found'),
      await expectProblem(await admin.request('/predict', { method: 'POST' }), 404, 'not-found'),
    ];
    expect(details).toEqual([
      'Metrics have a port of their own (ADMIN_PORT).',
      'This port has metrics and probes alone; all else has a port of its own (PORT).',
    ]);
    expect(summaries.map(({ record }) => record.attributes['detail'])).toEqual(details);
    metrics.close();
  });

  it.each([
    ['GET', '/predict', 'POST', 'GET is not allowed here; POST is.'],
    ['PUT', '/livez', 'GET, HEAD', 'PUT is not allowed here; GET, HEAD are.'],
  ])('is answered 405 with the allowed methods (%s %s)', async (method, path, allow, detail) => {
    const { app, summaries } = fakeService();
    const response = await app.request(path, { method });
    expect(response.headers.get('allow')).toBe(allow);
    expect(await expectProblem(response, 405, 'method-not-allowed')).toBe(detail);
    expect(summaries[0]?.problem?.problem).toBe('method-not-allowed');
  });
});

describe('a slash at the end of a path', () => {
  it.each(['/livez/', '/readyz/', '/openapi.json/', '/v2/', '/v2/models/fake/', '/docs/swagger-ui.css/'])(
    'is ignored (GET %s)',
    async (path) => {
      const { app, summaries } = fakeService();
      expect((await app.request(path)).status).toBe(200);
      expect(summaries[0]?.route).not.toMatch(/\/$/);
    },
  );

  it('is ignored by POST, which still needs a key', async () => {
    const form = formOf([
      ['image', Uint8Array.of(1)],
      ['text', 'a dog'],
    ]);
    const post = { method: 'POST', body: form };
    expect((await fakeService().app.request('/predict/', post)).status).toBe(200);
    const apiKeys = fakeKeys();
    const { app } = fakeService({ deps: { apiKeys } });
    await expectProblem(await app.request('/predict/', post), 401, 'unauthorized');
  });

  it('is ignored on the admin port', async () => {
    const yes = (): { ok: true } => ({ ok: true });
    const metrics = new Metrics();
    const admin = createAdminApp({ live: yes, ready: yes, started: yes, draining: false }, metrics);
    expect((await admin.request('/metrics/')).status).toBe(200);
    expect((await admin.request('/livez/')).status).toBe(200);
    metrics.close();
  });

  it('does not make a path known', async () => {
    await expectProblem(await fakeService().app.request('/nothing/'), 404, 'not-found');
    await expectProblem(await fakeService().app.request('/livez//'), 404, 'not-found');
  });
});
