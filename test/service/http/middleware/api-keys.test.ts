import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { UserError } from '../../../../model/errors.ts';
import { openApiKeys } from '../../../../service/http/middleware/api-keys.ts';
import type { ApiKeys } from '../../../../service/http/middleware/api-keys.ts';
import { expectProblem, fakeService, postJson } from '../fake-service.ts';

const ok = { image: Buffer.from([1, 2, 3]).toString('base64'), text: 'a dog' };
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

let folder = '';
let file = '';
const opened: ApiKeys[] = [];
beforeEach(() => {
  folder = tempFolder();
  file = join(folder, 'keys');
});
afterEach(() => {
  for (const keys of opened.splice(0)) keys.close();
});

function open(onReload: Parameters<typeof openApiKeys>[1] = () => undefined, pollMs = 20): ApiKeys {
  const keys = openApiKeys(file, onReload, pollMs);
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
    // A gateway's own token beside the key, or a proxy's.
    for (const [bearer, key, status] of [
      ['e30.e30.c2ln', 'alpha', 200],
      ['alpha', 'gamma', 200],
      ['e30.e30.c2ln', 'gamma', 403],
    ] as const) {
      const headers = { authorization: `Bearer ${bearer}`, 'x-api-key': key };
      expect([bearer, key, (await postJson(app, ok, headers)).status]).toEqual([bearer, key, status]);
    }
    for (const path of ['/livez', '/openapi.json', '/docs', '/']) {
      expect((await app.request(path)).status).toBe(200);
    }
  });

  it('are not asked for where there is nothing to be had', async () => {
    const apiKeys = { has: () => false, close: () => undefined };
    const { app, summaries } = fakeService({ deps: { apiKeys } });
    const model = '/v2/models/fake';
    for (const path of ['/predict', `${model}/infer`, `${model}/versions/0123456789ab/infer`]) {
      const response = await app.request(path);
      expect(response.headers.get('allow')).toBe('POST');
      await expectProblem(response, 405, 'method-not-allowed');
      await expectProblem(await app.request(path, { method: 'POST' }), 401, 'unauthorized');
    }
    await expectProblem(await app.request('/demo/pixels', { method: 'POST' }), 404, 'not-found');
    const refused = summaries.filter(({ status }) => status === 401);
    const route = '/v2/models/:name/infer';
    expect(refused.map((summary) => summary.route)).toEqual(['/predict', route, route]);
  });

  describe('in a file that changes', () => {
    let reloads: ({ keys: number } | { error: string })[] = [];
    beforeEach(() => {
      reloads = [];
    });
    /** The next reload; the test's own time limit bounds the wait. */
    async function reload(): Promise<{ keys: number } | { error: string } | undefined> {
      const count = reloads.length;
      while (reloads.length === count) await new Promise((resolve) => setTimeout(resolve, 5));
      return reloads.at(-1);
    }
    async function watched(pollMs?: number): Promise<ApiKeys> {
      await writeFile(file, sha256('alpha'));
      const keys = open((result) => reloads.push(result), pollMs);
      expect([keys.has('alpha'), keys.has('beta')]).toEqual([true, false]);
      return keys;
    }

    it('are read again when another file takes its place', async () => {
      const keys = await watched();
      await writeFile(`${file}.new`, `${sha256('beta')}\n${sha256('gamma')}`);
      await rename(`${file}.new`, file);
      expect(await reload()).toEqual({ keys: 2 });
      expect([keys.has('alpha'), keys.has('beta')]).toEqual([false, true]);
    });

    it('are read again when it changes before it is first looked at', async () => {
      for (let round = 0; round < 5; round++) {
        await writeFile(file, sha256('alpha'));
        const keys = open((result) => reloads.push(result));
        // In the same turn in which it was read.
        writeFileSync(file, sha256('beta'));
        expect(await reload()).toEqual({ keys: 1 });
        expect([keys.has('alpha'), keys.has('beta')]).toEqual([false, true]);
        keys.close();
      }
    });

    it('are read again when a mounted secret is swapped, behind two links', async () => {
      const swap = async (version: string, key: string): Promise<void> => {
        await mkdir(join(folder, version));
        await writeFile(join(folder, version, 'keys.txt'), sha256(key));
        await symlink(version, join(folder, '..new'));
        await rename(join(folder, '..new'), join(folder, '..data'));
      };
      await swap('..1', 'alpha');
      await symlink('..data/keys.txt', file);
      const keys = open((result) => reloads.push(result));
      await swap('..2', 'beta');
      await rm(join(folder, '..1'), { recursive: true });
      expect(await reload()).toEqual({ keys: 1 });
      expect([keys.has('alpha'), keys.has('beta')]).toEqual([false, true]);
    });

    it.each([
      ['is emptied', '', /has no key; write the SHA-256/],
      ['holds comments alone', '# nobody\n\n', /has no key/],
      ['ends in half a line', `${sha256('beta')}\n${sha256('gamma').slice(0, 40)}`, /^Line 2 of/],
      ['holds something else', 'not a hash', /^Line 1 of/],
    ])('stay as they were when it %s, until it is right again', async (_, content, error) => {
      const keys = await watched();
      await writeFile(file, content);
      expect(await reload()).toEqual({ error: expect.stringMatching(error) as unknown });
      expect([keys.has('alpha'), keys.has('beta')]).toEqual([true, false]);
      await writeFile(file, `${sha256('beta')}\n`);
      expect(await reload()).toEqual({ keys: 1 });
      expect([keys.has('alpha'), keys.has('beta')]).toEqual([false, true]);
    });

    it('stay as they were while it is gone', async () => {
      const keys = await watched();
      await rm(file);
      expect(await reload()).toEqual({
        error: expect.stringContaining('cannot be read (ENOENT)') as unknown,
      });
      expect(keys.has('alpha')).toBe(true);
    });

    it('are not read while it is still being written', async () => {
      const keys = await watched(1000);
      // Whole lines, one after the other: the file is looked at several times meanwhile.
      const names = Array.from({ length: 60 }, (_, i) => `key ${i}`);
      await writeFile(file, '');
      for (const name of names) {
        await appendFile(file, `${sha256(name)}\n`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(await reload()).toEqual({ keys: 60 });
      expect(reloads).toHaveLength(1);
      expect(names.every((name) => keys.has(name))).toBe(true);
    });
  });

  it('stop the start when their file is missing or wrong', async () => {
    expect(() => open()).toThrow(UserError);
    await writeFile(file, '# none yet\n');
    expect(() => open()).toThrow(/^API_KEYS_FILE .* has no key; .* unset API_KEYS_FILE/);
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
    for (const header of ['X-API-Key', 'X-Request-Timeout-Ms', 'Inference-Header-Content-Length']) {
      expect(open.headers.get('access-control-allow-headers')).toContain(header);
    }
    const answer = await postJson(app, ok, { origin: 'https://app.example' });
    expect(answer.headers.get('access-control-expose-headers')).toContain('Inference-Header-Content-Length');
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
