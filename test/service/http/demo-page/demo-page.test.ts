import { expect, it } from 'vitest';
import { fakeService } from '../fake-service.ts';

it('serves the page without loading anything from elsewhere, if it is on', async () => {
  const { app } = fakeService({ deps: { demo: { examples: [] } } });
  const page = await app.request('/');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  const html = await page.text();
  expect(html).not.toMatch(/https?:\/\//);
  for (const [, asset = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect([asset, (await app.request(`/${asset}`)).status]).toEqual([asset, 200]);
  }
  for (const path of ['/', '/demo/page.js', '/demo/about.json']) {
    expect((await fakeService().app.request(path)).status).toBe(404);
  }
});
