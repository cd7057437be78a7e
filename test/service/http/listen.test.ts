import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { expectProblem, fakeService } from './fake-service.ts';
import { useRawServer } from './raw-server.ts';

const server = useRawServer();

/** Sends the head of a request, and reads the response until the connection ends. */
async function exchange(...lines: readonly string[]): Promise<Response> {
  await server.start(fakeService().app);
  const socket = await server.open();
  socket.write([...lines, 'connection: close', '', ''].join('\r\n'));
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  const [status = '', ...headers] = head.split('\r\n');
  return new Response(body, {
    status: Number(status.split(' ')[1]),
    headers: headers.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  });
}

it.each([
  ['no Host', 'GET /livez HTTP/1.1', []],
  ['an empty Host', 'GET /livez HTTP/1.1', ['host:']],
  ['an invalid Host', 'GET /livez HTTP/1.1', ['host: a b']],
  ['a Host with more than a name', 'GET /livez HTTP/1.1', ['host: a/../b@c']],
  ['no path', 'OPTIONS * HTTP/1.1', ['host: a']],
])('says what is wrong with a request that has %s', async (_, line, headers) => {
  const response = await exchange(line, ...headers);
  expect(await expectProblem(response, 400, 'invalid-field', 'Host')).toContain(
    'The header Host is missing or does not form a valid URL',
  );
});

it.each(['a', 'a:8000', '[::1]:8000', 'A.example', '127.0.0.1'])('answers a request to %s', async (host) => {
  const response = await exchange('GET /livez HTTP/1.1', `host: ${host}`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

it('answers a request with an unknown expectation', async () => {
  const response = await exchange('GET /livez HTTP/1.1', 'host: a', 'expect: more');
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

it('answers HTTP/1.0 without a Host', async () => {
  const response = await exchange('GET /livez HTTP/1.0');
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

it.each(['a', 'b'])('refuses a second Host', async (host) => {
  const response = await exchange('GET /livez HTTP/1.1', 'host: a', `Host: ${host}`);
  expect(await expectProblem(response, 400, 'invalid-field', 'Host')).toBe('The header Host may be given only once.');
});
