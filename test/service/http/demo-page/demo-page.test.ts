import { expect, it } from 'vitest';
import { fixtureFile } from '../../../../testing/fixtures.ts';
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

it('gives the picture of an example an address that no example of another model has', async () => {
  const sentences = [{ hypothesis: 'a dog' }];
  const file = fixtureFile('mini-none', 'image-00.png');
  const addresses = [];
  for (const digest of ['0123456789ab', 'ba9876543210']) {
    const { predictor } = fakeService();
    const examples = [{ image: 'a.png', sentences, file, mediaType: 'image/png' as const }];
    const deps = { demo: true, examples, predictor: { ...predictor, model: { ...predictor.model, digest } } };
    const { app } = fakeService({ deps });
    const about = (await (await app.request('/demo/about.json')).json()) as { examples: { image: string }[] };
    const address = about.examples[0]?.image ?? '';
    expect((await app.request(`/${address}`)).headers.get('content-type')).toBe('image/png');
    addresses.push(address);
  }
  expect(new Set(addresses).size).toBe(2);
});
