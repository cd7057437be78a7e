import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockAgent } from 'undici';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { HubClient } from '../../../model/fetch/http.ts';
import { networkFailure } from '../../../model/fetch/request-failure.ts';
import { modelSource } from '../../../model/fetch/source.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, MODEL_ID, modelServer } from './model-server.ts';
import { failureOf, isSame, leavePartial, runFetch, WEIGHTS } from './run-fetch.ts';

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

beforeEach(() => {
  for (const name of PROXY_VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a proxy for http that records the addresses it was asked for. */
async function proxy(asked: string[], authorization?: string): Promise<string> {
  return listen((request, response) => {
    asked.push(request.url ?? '');
    if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
      response.writeHead(407).end();
      return;
    }
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    const onward = httpRequest(request.url ?? '', { headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
}

describe('a redirect', () => {
  test('to another host is followed without the token for the first', async () => {
    const storage = await modelServer(miniModel());
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      if (file !== WEIGHTS) return false;
      const query = new URLSearchParams({ Revision: 'master', FilePath: file, Signature: 'secret' });
      const location = `${storage.endpoint}/api/v1/models/${MODEL_ID}/repo?${query.toString()}`;
      response.writeHead(302, { location }).end('elsewhere');
      return true;
    };
    const folder = tempFolder();
    leavePartial(storage, folder, 1000);
    const { endpoint, id } = server;
    const { notes } = await runFetch({ endpoint, id, token: 'ms-secret' }, folder);
    expect(notes.join()).not.toContain('ms-secret');
    expect(isSame(storage, folder, WEIGHTS)).toBe(true);
    for (const { headers } of server.seen) expect(headers.authorization).toBe('Bearer ms-secret');
    expect(storage.seen).toHaveLength(1);
    for (const { headers, range } of storage.seen) {
      expect(range).toBe('bytes=1000-');
      const names = Object.keys(headers).sort();
      expect(names).toEqual(['accept-encoding', 'connection', 'host', 'range', 'user-agent']);
    }
  });

  test('to another host that denies access is reported without the token', async () => {
    const storage = await listen((_, response) => response.writeHead(403).end());
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      if (file === WEIGHTS) response.writeHead(302, { location: `http://${storage}/x` }).end();
      return file === WEIGHTS;
    };
    const { endpoint, id } = server;
    const { message } = await failureOf({ endpoint, id, token: 'ms-secret' }, tempFolder());
    expect(message).toBe(
      `${storage} denies access to ${WEIGHTS} (status 403): the model must be public, or MODELSCOPE_API_TOKEN must be ` +
        'a token of an account that may read it.',
    );
  });

  test('from https to http is not followed', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    const redirect = (from: string, to: string): void => {
      agent
        .get(from)
        .intercept({ path: /./ })
        .reply(302, '', { headers: { location: to } });
    };
    redirect('https://models.example', 'https://storage.example/x');
    redirect('https://storage.example', 'http://other.example/x');
    const client = new HubClient(modelSource(MODEL_ID, 'master', 'models.example'), 1000, agent);
    await expect(client.get('repo', 'a file', new AbortController().signal)).rejects.toThrow(
      'storage.example redirects from https to http, which is not allowed: choose another endpoint.',
    );
    agent.assertNoPendingInterceptors();
    await agent.close();
  });

  test('more than five times in a row is not followed', async () => {
    let count = 0;
    const host = await listen((_, response) => response.writeHead(302, { location: `/${++count}` }).end());
    const failure = await failureOf({ endpoint: `http://${host}`, id: MODEL_ID }, tempFolder());
    expect(failure.message).toMatch(
      / answered 302 to the request for model owner\/mini-model with revision master: check the endpoint\.$/,
    );
    expect(count).toBe(6);
  });

  test('that fails is reported by its host, not by its address, which may hold a signature', async () => {
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      if (file !== WEIGHTS) return false;
      response.writeHead(302, { location: 'http://127.0.0.1:9/x?Signature=secret' }).end();
      return true;
    };
    const error: unknown = await runFetch(server, tempFolder()).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(
      /The connection to 127\.0\.0\.1:9 failed \(connect ECONNREFUSED 127\.0\.0\.1:9\): check/,
    );
    expect(String(error)).not.toContain('secret');
  });
});

describe('a proxy', () => {
  test.each(['HTTP_PROXY', 'http_proxy'])('in %s is used', async (variable) => {
    const asked: string[] = [];
    vi.stubEnv(variable, `http://${await proxy(asked)}`);
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await runFetch(server, folder);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(asked).toHaveLength(server.seen.length);
    for (const address of asked) expect(address.startsWith(server.endpoint)).toBe(true);
  });

  test('gets its user and password', async () => {
    const asked: string[] = [];
    const basic = `Basic ${Buffer.from('user:word').toString('base64')}`;
    vi.stubEnv('HTTP_PROXY', `http://user:word@${await proxy(asked, basic)}`);
    const server = await modelServer(miniModel());
    await runFetch(server, tempFolder());
    expect(asked).toHaveLength(server.seen.length);
    for (const { headers } of server.seen) expect(headers['proxy-authorization']).toBeUndefined();
  });

  test('that asks for a password is reported at once', async () => {
    const asked: string[] = [];
    vi.stubEnv('HTTP_PROXY', `http://${await proxy(asked, 'Basic of-somebody')}`);
    await expect(runFetch(await modelServer(miniModel()), tempFolder())).rejects.toMatchObject({
      code: 'network-unreachable',
      message: expect.stringMatching(
        /^The connection to 127\.0\.0\.1:\d+ failed \(Proxy Authentication Required \(407\)\): check the connection, and HTTP_PROXY/,
      ) as string,
    });
    expect(asked).toHaveLength(1);
  });

  test('that never answers is not waited for longer than a server', async () => {
    vi.stubEnv('HTTP_PROXY', `http://${await listen(() => undefined)}`);
    const notes: string[] = [];
    const wait = (): Promise<never> => Promise.reject(new Error('no other attempt'));
    const server = await modelServer(miniModel());
    const run = runFetch(server, tempFolder(), { stallMs: 200, wait, onNote: (note) => notes.push(note) });
    await expect(run).rejects.toThrow('no other attempt');
    expect(notes).toEqual([
      expect.stringMatching(/^The connection to 127\.0\.0\.1:\d+ failed \(Headers Timeout Error\); retrying in /),
    ]);
  });

  test.each(['socks5', 'socks5h', 'socks4', 'SOCKS'])('of the kind %s is refused', async (kind) => {
    const server = await modelServer(miniModel());
    vi.stubEnv('https_proxy', `${kind}://user:word@127.0.0.1:9`);
    expect(await failureOf(server, tempFolder())).toMatchObject({
      code: 'settings-invalid',
      message:
        'HTTP_PROXY and HTTPS_PROXY must be addresses of http or https proxies, such as http://proxy.example:3128, ' +
        'or unset; SOCKS is not supported.',
    });
    expect(server.seen).toEqual([]);
  });

  test('is not that of npm, which npx sets in variables of its own', async () => {
    vi.stubEnv('npm_config_https_proxy', 'socks5://127.0.0.1:9');
    await expect(runFetch(await modelServer(miniModel()), tempFolder())).resolves.not.toEqual([]);
  });

  test('is not used for hosts in NO_PROXY', async () => {
    const asked: string[] = [];
    vi.stubEnv('HTTP_PROXY', `http://${await proxy(asked)}`);
    vi.stubEnv('NO_PROXY', 'example.com,127.0.0.1');
    await runFetch(await modelServer(miniModel()), tempFolder());
    expect(asked).toEqual([]);
  });

  test.each(['HTTPS_PROXY', 'HTTP_PROXY'])('in %s is asked for a tunnel to https', async (variable) => {
    const tunnels: string[] = [];
    const server = createServer();
    server.on('connect', ({ url }, socket) => {
      tunnels.push(url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
    });
    vi.stubEnv(variable, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const run = runFetch({ endpoint: 'https://models.example', id: MODEL_ID }, tempFolder());
    await expect(run).rejects.toThrow(
      /^The connection to models\.example failed \(Proxy response \(403\) !== 200 when HTTP Tunneling\): check /,
    );
    expect(tunnels).toEqual(['models.example:443']);
  });

  test.each(['HTTPS_PROXY', 'HTTP_PROXY'])(
    'in %s that is not an address is reported without its password',
    async (name) => {
      vi.stubEnv(name, 'user:word@proxy');
      const run = runFetch(await modelServer(miniModel()), tempFolder());
      await expect(run).rejects.toMatchObject({ code: 'settings-invalid' });
      await expect(run).rejects.not.toThrow(/word/);
    },
  );
});

describe('a host that', () => {
  test('refuses connections is reported after some attempts', async () => {
    const host = await listen(() => undefined);
    const free = new URL(`http://${host}`);
    free.port = '9';
    await expect(runFetch({ endpoint: free.origin, id: MODEL_ID }, tempFolder())).rejects.toMatchObject({
      code: 'network-unreachable',
      message:
        'The connection to 127.0.0.1:9 failed (connect ECONNREFUSED 127.0.0.1:9): check the connection, and ' +
        'HTTP_PROXY, HTTPS_PROXY and NO_PROXY if a proxy is needed.',
    });
  });

  const NETWORK = 'check the connection, and HTTP_PROXY, HTTPS_PROXY and NO_PROXY if a proxy is needed';
  const CERTIFICATE = 'if a proxy or mirror has its own certificate authority, name its file in NODE_EXTRA_CA_CERTS';

  test.each([
    ['ENOTFOUND', false, NETWORK],
    ['EAI_AGAIN', true, NETWORK],
    ['ENETUNREACH', true, NETWORK],
    ['UND_ERR_INVALID_ARG', false, NETWORK],
    ['ETIMEDOUT', true, NETWORK],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false, CERTIFICATE],
    ['CERT_HAS_EXPIRED', false, CERTIFICATE],
    ['E_UNKNOWN', true, NETWORK],
  ])('fails with %s is described', (code, retryable, advice) => {
    const failure = networkFailure(Object.assign(new Error('raw'), { code }), 'host', false);
    expect(failure).toMatchObject({ code: 'network-unreachable', retryable });
    expect(failure.message).toBe(`The connection to host failed (raw): ${advice}.`);
  });

  test.each([
    ['', 'ECONNREFUSED'],
    ['Redirect loop detected. This typically happens when using a Client.', 'Redirect loop detected'],
    ['Invalid protocol: it must be `http:` or `https:`.', 'Invalid protocol: it must be `http:` or `https:`'],
    ['connect ECONNREFUSED 127.0.0.1:9', 'connect ECONNREFUSED 127.0.0.1:9'],
  ])("fails is described by the first sentence of the error's message: %j", (message, shown) => {
    const error = Object.assign(new Error(message), { code: 'ECONNREFUSED' });
    expect(networkFailure(error, 'host').reason).toBe(`The connection to host failed (${shown})`);
  });

  test.each([
    [407, false],
    [502, true],
  ])('a proxy refuses with status %i may be tried again: %s', (status, retryable) => {
    const error = new Error(`Proxy response (${status}) !== 200 when HTTP Tunneling`);
    expect(networkFailure(error, 'host').retryable).toBe(retryable);
  });
});
