import { expect, it, describe } from 'vitest';
import { isLeftOut, picture, useDemoPage } from './demo-page.ts';

interface Documented {
  readonly paths: Readonly<
    Record<
      string,
      { post?: { requestBody: { content: Record<string, { examples?: Record<string, { value: unknown }> }> } } }
    >
  >;
}

describe.skipIf(isLeftOut)('Swagger UI', () => {
  const demo = useDemoPage();

  it('judges a picture, by a form that asks for nothing else', async () => {
    const page = await demo.open('/docs/');
    const first = page.locator('.opblock').first();
    expect(await first.locator('.opblock-summary-path').textContent()).toBe('/predict');
    expect(await page.locator('.authorize, .authorization__btn').count()).toBe(0);
    await first.locator('.opblock-summary-control').click();
    await first.locator('.try-out__btn').click();
    const prefilled = await first
      .locator('input[type=text]')
      .evaluateAll((inputs) =>
        inputs.map((input) => (input as unknown as { value: string }).value).filter((value) => value !== ''),
      );
    expect(prefilled).toEqual(['there are two red circles.']);
    await first.locator('input[type=file]').setInputFiles(picture);
    await first.getByRole('button', { name: 'Add string item' }).click();
    await first.locator('.json-schema-form-item input').last().fill('one, two');
    await first.locator('.execute').click();
    const answer = await first.locator('.live-responses-table .response .highlight-code').first().textContent();
    expect(JSON.parse(answer?.slice(answer.indexOf('{')) ?? '')).toMatchObject({
      results: [{}, {}],
      labels: ['yes', 'no', 'maybe'],
    });
  });

  it('shows a picture that an operation answers', async () => {
    const page = await demo.open('/docs');
    const block = page.locator('.opblock', { has: page.locator('[data-path="/demo/pixels"]') });
    await block.locator('.opblock-summary-control').click();
    await block.locator('.try-out__btn').click();
    await block.locator('input[type=file]').setInputFiles(picture);
    await block.locator('.execute').click();
    const shown = block.locator('.live-responses-table img').first();
    await shown.waitFor();
    // Rejects where the page's policy forbids it.
    await shown.evaluate((image) => (image as unknown as { decode: () => Promise<void> }).decode());
  });

  it('fits on the narrowest screens', async () => {
    const page = await demo.open('/docs', { width: 320, height: 700 });
    const first = page.locator('.opblock').first();
    await first.locator('.opblock-summary-control').click();
    await first.locator('.try-out__btn').click();
    await first.locator('input[type=file]').setInputFiles(picture);
    await first.locator('.execute').click();
    await first.locator('.live-responses-table').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    // Beside a long name, a description would have one letter on each line.
    for (const heading of await page.locator('.opblock-tag').all()) {
      expect((await heading.boundingBox())?.height).toBeLessThan(200);
    }
  });

  it.each(['/predict/json', '/v2/models/{name}/infer', '/v2/repository/index'])(
    'sends the example of %s as it is',
    async (path) => {
      const page = await demo.open('/docs');
      const block = page.locator('.opblock', { has: page.locator(`[data-path="${path}"]`) });
      await block.locator('.opblock-summary-control').click();
      await block.locator('.try-out__btn').click();
      await block.locator('.execute').click();
      const status = await block.locator('.live-responses-table .response-col_status').last().textContent();
      expect(status).toMatch(/^200/);
      // What Swagger UI makes up where a body has no example.
      expect(await block.locator('.curl-command').textContent()).not.toContain('additionalProp');
    },
  );
});

describe.skipIf(isLeftOut)('the documented examples', () => {
  const demo = useDemoPage();

  it('are answered as they are', async () => {
    const { paths } = (await (await fetch(`${demo.service.url}/openapi.json`)).json()) as Documented;
    const { name, digest } = demo.service.model.predictor.model;
    let sent = 0;
    for (const [path, { post }] of Object.entries(paths)) {
      const { examples = {} } = post?.requestBody.content['application/json'] ?? {};
      for (const { value } of Object.values(examples)) {
        const url = `${demo.service.url}${path.replace('{name}', name).replace('{version}', digest)}`;
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(url, { method: 'POST', body: JSON.stringify(value), headers });
        expect([path, response.status, await response.json()]).toMatchObject([path, 200, {}]);
        sent++;
      }
    }
    expect(sent).toBe(4);
  });
});
