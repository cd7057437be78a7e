import { describe, expect, it } from 'vitest';
import { fakeService } from '../fake-service.ts';

const no = { ok: false, reason: 'a reason' } as const;

describe('probes', () => {
  it.each(['/livez', '/readyz', '/healthz', '/startupz'])('%s answers 200 when all is well', async (path) => {
    const response = await fakeService().app.request(path);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it.each([
    ['live', ['/livez']],
    ['ready', ['/readyz', '/healthz']],
    ['started', ['/startupz']],
  ] as const)('fail independently and give the reason (%s)', async (what, failing) => {
    const { app } = fakeService({ [what]: no });
    for (const path of ['/livez', '/readyz', '/healthz', '/startupz']) {
      const response = await app.request(path);
      const fails = (failing as readonly string[]).includes(path);
      expect([path, response.status]).toEqual([path, fails ? 503 : 200]);
      if (fails) expect(await response.json()).toEqual({ status: 'unavailable', reason: 'a reason' });
    }
  });

  it.each([
    ['live', ['/livez', '/v2/health/live']],
    ['ready', ['/readyz', '/healthz', '/v2/health/ready', '/v2/models/fake/ready']],
    ['started', ['/startupz']],
  ] as const)('say in the log, too, why they fail (%s)', async (what, failing) => {
    const { app, summaries } = fakeService({ [what]: no });
    for (const path of failing) await app.request(path);
    expect(summaries.map(({ status, record }) => [status, record.attributes['detail']])).toEqual(
      failing.map(() => [503, 'a reason']),
    );
  });

  it('are not cached', async () => {
    const response = await fakeService().app.request('/readyz');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});
