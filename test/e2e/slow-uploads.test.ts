import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { metric, predictBody, send, until, uploads } from './client.ts';
import type { TestService } from './service.ts';
import { stubServices } from './stub-service.ts';

const stub = stubServices();
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Sends the begin of a body, and no more. @returns everything received until the connection closes */
function stall(port: number, path = '/predict'): Promise<string> {
  const type = path === '/predict' ? 'multipart/form-data; boundary=b' : 'application/json';
  const head = [`POST ${path} HTTP/1.1`, 'host: a', `content-type: ${type}`, 'content-length: 50000'].join('\r\n');
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  // The service closes the connection.
  socket.on('error', () => undefined);
  socket.write(`${head}\r\n\r\n--b\r\n`);
  return new Promise((resolve) =>
    socket.once('close', () => {
      resolve(text);
    }),
  );
}

async function statuses({ url }: TestService, count: number, path = '/predict'): Promise<number[]> {
  const body = path === '/predict' ? await predictBody('a') : await inferBody();
  const sent = Array.from({ length: count }, () => send(`${url}${path}`, body));
  const outcomes = await Promise.all(sent.map(({ outcome }) => outcome));
  return outcomes.map(({ status }) => status);
}

async function inferBody(): Promise<string> {
  const { image } = JSON.parse(await predictBody('a')) as { image: string };
  const inputs = Object.entries({ image, text: 'a' }).map(([name, value]) => ({
    name,
    datatype: 'BYTES',
    shape: [1],
    data: [value],
  }));
  return JSON.stringify({ inputs });
}

describe('clients that send their bodies slowly', () => {
  it.each([
    ['/predict', '/predict'],
    ['/v2', '/v2/models/:name/infer'],
  ])('take no place in the queue, and lose their connection below the least rate (%s)', async (_, route) => {
    const live = await stub.start({});
    const path = route.replace(':name', live.model.predictor.model.name);
    const slow = Array.from({ length: 200 }, () => stall(live.port, path));
    await until('all are sending', async () => (await uploads(live)) === 200);
    expect(await metric(live.adminUrl, 'ofa_ve_queue_items')).toBe(0);
    expect(await statuses(live, 50, path)).toEqual(Array(50).fill(200));
    for (const answer of await Promise.all(slow)) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*connection: close[^]*"status":408/i);
    }
    expect(await uploads(live)).toBe(0);
    const count = (labels: string): Promise<number> =>
      metric(live.adminUrl, `ofa_ve_requests_total{route="${route}",${labels}}`);
    expect(await count('status="408",outcome="refused"')).toBe(200);
    expect(await metric(live.adminUrl, 'ofa_ve_rejected_total{reason="slow_body"}')).toBe(200);
  });

  it('make room for others when there are too many', async () => {
    const live = await stub.start({});
    const slow = Array.from({ length: 256 }, () => stall(live.port));
    await until('there is no more room', async () => (await uploads(live)) === 256);
    // A body yields its place after a moment.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await statuses(live, 20)).toEqual(Array(20).fill(200));
    expect(await Promise.race(slow)).toContain('other requests needed the room');
  });
});

describe('a deadline that the client has shortened', () => {
  it('is answered 504 and is no failure of the service', async () => {
    const live = await stub.start({ runMs: 2000 });
    const headers = { 'x-request-timeout-ms': '200' };
    expect((await send(`${live.url}/predict`, await predictBody('a'), { headers }).outcome).status).toBe(504);
    const series = 'ofa_ve_requests_total{route="/predict",status="504",outcome="client_deadline"}';
    expect(await metric(live.adminUrl, series)).toBe(1);
  });
});
