import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { appendFile, mkdir, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { UserError } from '../../../model/errors.ts';
import { offeredKeys, openApiKeys, type ApiKeys } from '../../../service/clients/api-keys.ts';
import { fakeKeys, expectProblem, fakeService, postJson } from '../http/fake-service.ts';

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
  it('have names, which the log shows, and which several keys may share', async () => {
    await writeFile(file, `${sha256('alpha')} team-a\n${sha256('beta')} team-a # new\n${sha256('gamma')}\n`);
    const { app, summaries } = fakeService({ deps: { apiKeys: open() } });
    for (const key of ['alpha', 'beta', 'gamma']) await postJson(app, ok, { 'x-api-key': key });
    const names = summaries.map(({ record }) => record.attributes['api_key']);
    expect(names).toEqual(['team-a', 'team-a', sha256('gamma').slice(0, 8)]);
  });

  it('share the queue: one cannot take all of it', async () => {
    await writeFile(file, `${sha256('alpha')} a\n${sha256('beta')} b\n`);
    const { app, admission } = fakeService({ maxQueue: 4, deps: { apiKeys: open() } });
    const slots = Array.from({ length: 4 }, () => admission.admit(1, 'a'));
    await expectProblem(await postJson(app, ok, { 'x-api-key': 'beta' }), 429, 'overloaded');
    for (const slot of slots.slice(0, 2)) slot.release();
    const refused = await postJson(app, ok, { 'x-api-key': 'alpha' });
    expect(await expectProblem(refused, 429, 'overloaded')).toContain('share');
    expect((await postJson(app, ok, { 'x-api-key': 'beta' })).status).toBe(200);
  });

  it('share the memory for bodies: one that announces large ones does not keep others out', async () => {
    await writeFile(file, `${sha256('alpha')} a\n${sha256('beta')} b\n`);
    const { app, summaries } = fakeService({ maxBodyBytes: 1000, deps: { apiKeys: open() } });
    let finish = (): void => undefined;
    const sendHalf = async (): Promise<Response> => {
      const json = Buffer.from(JSON.stringify({ ...ok, premise: 'x'.repeat(300) }));
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(json.subarray(0, 100));
          const before = finish;
          finish = () => {
            before();
            controller.enqueue(json.subarray(100));
            controller.close();
          };
        },
      });
      const headers = { 'content-type': 'application/json', 'content-length': '500', 'x-api-key': 'alpha' };
      return app.request('/predict/json', { method: 'POST', body, headers, duplex: 'half' });
    };
    const large = [sendHalf(), sendHalf()];
    expect((await postJson(app, ok, { 'x-api-key': 'beta' })).status).toBe(200);
    finish();
    const [first, second] = await Promise.all(large);
    expect(first?.status).toBe(200);
    if (second !== undefined) expect(await expectProblem(second, 429, 'overloaded')).toContain('share');
    expect(summaries.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
  });

  it('may have a rate, beyond which requests get 429 with the time to wait', async () => {
    await writeFile(file, `${sha256('alpha')} a rate=2/h\n${sha256('beta')} b\n`);
    const { app, asked, summaries } = fakeService({ deps: { apiKeys: open() } });
    for (let request = 0; request < 2; request++) {
      expect((await postJson(app, ok, { 'x-api-key': 'alpha' })).status).toBe(200);
    }
    const refused = await postJson(app, ok, { 'x-api-key': 'alpha' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1790);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(1800);
    expect(await expectProblem(refused, 429, 'rate-limited')).toBe('The API keys of a may send 2 requests per hour.');
    expect(summaries.at(-1)?.record.attributes['api_key']).toBe('a');
    expect(asked).toHaveLength(2);
    expect((await postJson(app, ok, { 'x-api-key': 'beta' })).status).toBe(200);
  });

  it('are required for predictions only', async () => {
    await writeFile(file, `# team a\n${sha256('alpha')}\n\n${sha256('beta').toUpperCase()} # team b\n`);
    const { app, asked } = fakeService({ deps: { apiKeys: open(), demo: true } });
    const none = await postJson(app, ok);
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    await expectProblem(none, 401, 'unauthorized');
    await expectProblem(await postJson(app, ok, { 'x-api-key': 'gamma' }), 403, 'forbidden');
    await expectProblem(await postJson(app, ok, { authorization: `Bearer ${sha256('alpha')}` }), 403, 'forbidden');
    await expectProblem(await app.request('/demo/pixels', { method: 'POST' }), 401, 'unauthorized');
    expect(asked).toEqual([]);
    expect((await postJson(app, ok, { authorization: 'Bearer alpha' })).status).toBe(200);
    expect((await postJson(app, ok, { 'x-api-key': 'beta' })).status).toBe(200);
    // Beside the token of a gateway or proxy.
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

  it.each([
    ['bearer  alpha', ['alpha']],
    ['Bearer alpha beta', []],
    ['Basic Bearer alpha', []],
    ['Beareralpha', []],
  ])('are offered by Authorization: %s as %j', (authorization, keys) => {
    expect(offeredKeys((name) => (name === 'authorization' ? authorization : undefined))).toEqual(keys);
  });

  it('are not required where the answer is 404 or 405', async () => {
    const apiKeys = fakeKeys();
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
    let seen = 0;
    beforeEach(() => {
      reloads = [];
      seen = 0;
    });
    /** The first reload that was not seen yet, bounded by the test's timeout. */
    async function reload(): Promise<{ keys: number } | { error: string } | undefined> {
      while (reloads.length === seen) await new Promise((resolve) => setTimeout(resolve, 5));
      return reloads[seen++];
    }
    async function watched(pollMs?: number): Promise<ApiKeys> {
      await writeFile(file, sha256('alpha'));
      const keys = open((result) => reloads.push(result), pollMs);
      expect(['alpha', 'beta'].map((key) => keys.holderOf(key) !== undefined)).toEqual([true, false]);
      return keys;
    }

    it('are reloaded when the file is replaced', async () => {
      const keys = await watched();
      await writeFile(`${file}.new`, `${sha256('beta')}\n${sha256('gamma')}`);
      await rename(`${file}.new`, file);
      expect(await reload()).toEqual({ keys: 2 });
      expect(['alpha', 'beta'].map((key) => keys.holderOf(key) !== undefined)).toEqual([false, true]);
    });

    it('have the rates of the file as it was read last', async () => {
      const keys = await watched();
      expect([keys.rates.take('a'), keys.rates.take('a')]).toEqual([0, 0]);
      await writeFile(file, `${sha256('alpha')} a rate=1/h`);
      expect(await reload()).toEqual({ keys: 1 });
      expect(keys.rates.take('a')).toBe(0);
      expect(keys.rates.take('a')).toBeGreaterThan(0);
    });

    it('are reloaded when the file changes before the first poll', async () => {
      for (let round = 0; round < 5; round++) {
        await writeFile(file, sha256('alpha'));
        const keys = open((result) => reloads.push(result));
        // In the same tick in which it was read.
        writeFileSync(file, sha256('beta'));
        expect(await reload()).toEqual({ keys: 1 });
        expect(['alpha', 'beta'].map((key) => keys.holderOf(key) !== undefined)).toEqual([false, true]);
        keys.close();
      }
    });

    it('are reloaded when a mounted secret is swapped behind two symbolic links', async () => {
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
      expect(['alpha', 'beta'].map((key) => keys.holderOf(key) !== undefined)).toEqual([false, true]);
    });

    it.each([
      ['is emptied', '', /has no key; write the SHA-256/],
      ['has only comments', '# nobody\n\n', /has no key/],
      ['ends in a partial line', `${sha256('beta')}\n${sha256('gamma').slice(0, 40)}`, /^Line 2 of/],
      ['has no hash', 'not a hash', /^Line 1 of/],
    ])('are kept when the file %s, until it is valid again', async (_, content, error) => {
      const keys = await watched();
      writeFileSync(file, content);
      expect(await reload()).toEqual({ error: expect.stringMatching(error) as unknown });
      expect(['alpha', 'beta'].map((key) => keys.holderOf(key) !== undefined)).toEqual([true, false]);
      writeFileSync(file, `${sha256('beta')}\n`);
      expect(await reload()).toEqual({ keys: 1 });
      expect(['alpha', 'beta'].map((key) => keys.holderOf(key) !== undefined)).toEqual([false, true]);
    });

    it('are kept while the file is missing', async () => {
      const keys = await watched();
      await rm(file);
      expect(await reload()).toEqual({
        error: expect.stringContaining('cannot be read: no such file') as unknown,
      });
      expect(keys.holderOf('alpha')).toBeDefined();
    });

    it('are not reloaded while the file is being written', async () => {
      const keys = await watched(1000);
      // Line by line, during several polls.
      const names = Array.from({ length: 60 }, (_, i) => `key ${i}`);
      await writeFile(file, '');
      for (const name of names) {
        await appendFile(file, `${sha256(name)}\n`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(await reload()).toEqual({ keys: 60 });
      expect(reloads).toHaveLength(1);
      expect(names.every((name) => keys.holderOf(name) !== undefined)).toBe(true);
    });
  });

  it('are refused at start when the file is missing or invalid', async () => {
    expect(() => open()).toThrow(UserError);
    await mkdir(file);
    expect(() => open()).toThrow(/cannot be read: it is a folder/);
    await rmdir(file);
    await writeFile(file, '# none yet\n');
    expect(() => open()).toThrow(/^API_KEYS_FILE .* has no key; .* unset API_KEYS_FILE/);
    await writeFile(file, `${sha256('a')}\nsecret\n`);
    expect(() => open()).toThrow(/^Line 2 of API_KEYS_FILE .* is not the SHA-256/);
  });
});
