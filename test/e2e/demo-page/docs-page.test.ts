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

  it.each(['/predict/json', '/v2/models/{name}/infer'])('sends the example of %s as it is', async (path) => {
    const page = await demo.open('/docs');
    const block = page.locator('.opblock', { has: page.locator(`[data-path="${path}"]`) });
    await block.locator('.opblock-summary-control').click();
    await block.locator('.try-out__btn').click();
    await block.locator('.execute').click();
    const status = await block.locator('.live-responses-table .response-col_status').last().textContent();
    expect(status).toMatch(/^200/);
  });
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
