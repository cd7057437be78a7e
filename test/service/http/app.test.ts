import { describe, expect, it } from 'vitest';
import { expectProblem, fakeService } from './fake-service.ts';

describe('an unknown path or method', () => {
  it('is answered 404', async () => {
    const { app, summaries } = fakeService();
    await expectProblem(await app.request('/nothing'), 404, 'not-found');
    expect(summaries[0]?.problem?.problem).toBe('not-found');
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
