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
  const assets = new Set(Array.from(html.matchAll(/(?:src|href)="([^"]+)"/g), ([, asset = '']) => asset));
  expect(assets).toContain('demo/page.js');
  for (const asset of assets) {
    const response = await app.request(`/${asset}`);
    expect([asset, response.status]).toEqual([asset, 200]);
    if (!asset.endsWith('.js')) continue;
    // Modules import others, which the loop reaches in turn.
    for (const [, name = ''] of (await response.text()).matchAll(/from '\.\/([^']+)'/g)) assets.add(`demo/${name}`);
  }
  expect(assets).toContain('demo/heat.js');
  for (const path of ['/', '/demo/page.js', '/demo/about.json']) {
    expect((await fakeService().app.request(path)).status).toBe(404);
  }
});
