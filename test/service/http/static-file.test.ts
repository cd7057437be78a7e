import { expect, it } from 'vitest';
import { fakeService } from './fake-service.ts';

it('answers 304 while a file is unchanged', async () => {
  const { app } = fakeService();
  const first = await app.request('/docs/swagger-ui.css');
  const etag = first.headers.get('etag') ?? '';
  const second = await app.request('/docs/swagger-ui.css', { headers: { 'if-none-match': etag } });
  expect([second.status, await second.text()]).toEqual([304, '']);
});
