import { expect, it } from 'vitest';
import { fakeService } from '../fake-service.ts';

it.each([true, false])('serves the page with all that it links to (documentation: %s)', async (documents) => {
  const { app } = fakeService({ deps: { documents, demo: true } });
  const page = await app.request('/');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  const html = await page.text();
  expect(html.includes('docs')).toBe(documents);
  expect(html).toContain('</html>');
  expect(html).not.toMatch(/https?:\/\//);
  for (const [, asset = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect([asset, (await app.request(`/${asset}`)).status]).toEqual([asset, 200]);
  }
  for (const path of ['/', '/demo/page.js', '/demo/about.json']) {
    expect((await fakeService().app.request(path)).status).toBe(404);
  }
});
