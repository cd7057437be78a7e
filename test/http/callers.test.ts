import { createHash } from 'node:crypto';
import { rename, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../model/errors.ts';
import { openApiKeys } from '../../service/http/api-keys.ts';
import type { ApiKeys } from '../../service/http/api-keys.ts';
import { expectProblem, fakeService, postJson } from './fake-service.ts';

const ok = { image: Buffer.from([1, 2, 3]).toString('base64'), text: 'a dog' };
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

let folder = '';
let file = '';
const opened: ApiKeys[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ofa-ve-keys-'));
  file = join(folder, 'keys');
});
afterEach(async () => {
  for (const keys of opened.splice(0)) keys.close();
  await rm(folder, { recursive: true });
});

function open(onReload: Parameters<typeof openApiKeys>[1] = () => undefined): ApiKeys {
  const keys = openApiKeys(file, onReload, 20);
  opened.push(keys);
  return keys;
}

describe('API keys', () => {
  it('are asked for where something is judged, and nowhere else', async () => {
    await writeFile(file, `# team a\n${sha256('alpha')}\n\n${sha256('beta').toUpperCase()} # team b\n`);
    const { app, asked } = fakeService({ deps: { apiKeys: open(), demo: { examples: [] } } });
    const none = await postJson(app, ok);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    await expectProblem(none, 401, 'unauthorized');
    await expectProblem(await postJson(app, ok, { 'x-api-key': 'gamma' }), 403, 'forbidden');
    await expectProblem(
      await postJson(app, ok, { authorization: `Bearer ${sha256('alpha')}` }),
      403,
      'forbidden',
    );
    await expectProblem(await app.request('/demo/pixels', { method: 'POST' }), 401, 'unauthorized');
    expect(asked).toEqual([]);
    expect((await postJson(app, ok, { authorization: 'Bearer alpha' })).status).toBe(200);
    expect((await postJson(app, ok, { 'x-api-key': 'beta' })).status).toBe(200);
    for (const path of ['/livez', '/openapi.json', '/docs', '/']) {
      expect((await app.request(path)).status).toBe(200);
    }
  });

  it('are read again when the file changes; a file that cannot be read changes nothing', async () => {
    await writeFile(file, sha256('alpha'));
    const reloads: object[] = [];
    const next = (): Promise<void> =>
      new Promise((resolve) => {
        const count = reloads.length;
        const timer = setInterval(() => {
          if (reloads.length === count) return;
          clearInterval(timer);
          resolve();
        }, 5);
      });
    // In one step, as a secret's volume is updated: a file that is only half written is another matter.
    const replace = async (content: string): Promise<void> => {
      await writeFile(`${file}.new`, content);
      await rename(`${file}.new`, file);
    };
    const keys = open((result) => reloads.push(result));
    expect([keys.has('alpha'), keys.has('beta')]).toEqual([true, false]);
    const changed = next();
    await replace(`${sha256('beta')}\n${sha256('gamma')}`);
    await changed;
    expect([keys.has('alpha'), keys.has('beta')]).toEqual([false, true]);
    const broken = next();
    await replace('not a hash, and longer than before: not a hash, and longer than before');
    await broken;
    expect(reloads.at(-1)).toHaveProperty('error');
    expect(keys.has('beta')).toBe(true);
  });

  it('stop the start when their file is missing or wrong', async () => {
    expect(() => open()).toThrow(UserError);
    await writeFile(file, `${sha256('a')}\nsecret\n`);
    expect(() => open()).toThrow(/^Line 2 of API_KEYS_FILE .* is not the SHA-256/);
  });
});

describe('browsers', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  };

  it('of other origins are not let in unless they are listed', async () => {
    const closed = await fakeService().app.request('/predict', preflight);
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const { app } = fakeService({ deps: { corsOrigins: ['https://app.example'] } });
    const open = await app.request('/predict', preflight);
    expect([open.status, open.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://app.example',
    ]);
    const other = await app.request('/predict', {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://evil.example' },
    });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    const answer = await postJson(app, ok, { origin: 'https://app.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });

  it.each(['/livez', '/predict', '/nothing', '/docs'])(
    'are told to do no more than is meant with %s',
    async (path) => {
      const { headers } = await fakeService().app.request(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    },
  );
});
