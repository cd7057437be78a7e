import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logInMemory, type Line } from '../../testing/logging.ts';
import { metric, predictBody, send, until } from './client.ts';
import { fixturePackage, fixtureFile } from '../../testing/fixtures.ts';
import { ROOT } from '../../testing/root.ts';
import { serve, type TestService } from './service.ts';

let service: TestService;
const { logger, lines, text } = logInMemory();

beforeAll(async () => {
  service = await serve({ MODEL_DIR: await fixturePackage('mini-none') }, { logger });
});
afterAll(async () => {
  await service.stop();
});

async function lineOf(requestId: string): Promise<Line> {
  const find = (): Line | undefined => lines().find((line) => line['request_id'] === requestId);
  await until('the request is logged', () => find() !== undefined);
  return find() ?? {};
}

it('has the id, trace, route, stage times and sizes of a request', async () => {
  const headers = {
    'x-request-id': 'job-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const body = await predictBody(['a secret sentence', 'another']);
  expect((await send(`${service.url}/predict`, body, { headers }).outcome).status).toBe(200);
  expect(await lineOf('job-1')).toMatchObject({
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    method: 'POST',
    route: '/predict',
    status: 200,
    image_bytes: (await readFile(fixtureFile('mini-none', 'image-00.png'))).length,
    texts: 2,
    text_hash: expect.stringMatching(/^[0-9a-f]{12}$/) as unknown,
    stages_ms: {
      read: expect.any(Number) as unknown,
      tokenize: expect.any(Number) as unknown,
      preprocess: expect.any(Number) as unknown,
      queue: expect.any(Number) as unknown,
      inference: expect.any(Number) as unknown,
    },
  });
});

it('has nothing that the runbook does not explain', async () => {
  const [, section = ''] = (await readFile(`${ROOT}docs/runbook.md`, 'utf8')).split('## The log\n');
  const [table = ''] = section.split('\n## ');
  const headers = { 'x-request-id': 'job-plain', 'content-type': 'text/plain' };
  expect((await send(`${service.url}/predict`, await predictBody('a'), { headers }).outcome).status).toBe(415);
  const members = [await lineOf('job-1'), await lineOf('job-plain')].flatMap((line) => Object.keys(line));
  expect(members).toContain('problem');
  // As of any log; `msg` and `level` are in the text above the table.
  const named = (name: string): boolean => name === 'time' || table.includes(`\`${name}\``);
  expect(members.filter((name) => !named(name))).toEqual([]);
});

it('has the requests to the admin port, which count in no metric', async () => {
  const ask = (path: string, id: string): Promise<Response> =>
    fetch(`${service.adminUrl}${path}`, { headers: { 'x-request-id': id } });
  await ask('/metrics', 'job-scrape');
  expect(await lineOf('job-scrape')).toMatchObject({ level: 20, route: '/metrics', status: 200 });
  await ask('/metrics/ofa', 'job-lost');
  expect(await lineOf('job-lost')).toMatchObject({ level: 30, route: 'unmatched', status: 404 });
  const socket = connect(Number(new URL(service.adminUrl).port), '127.0.0.1');
  // The start of TLS.
  socket.resume().write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1]));
  await once(socket, 'close');
  const detail: unknown = expect.stringContaining('the client speaks TLS');
  await until('it is logged', () => lines().some(({ code }) => code === 'HPE_INVALID_METHOD'));
  expect(lines()).toContainEqual(expect.objectContaining({ route: 'unmatched', status: 400, detail }));
  const counted = (status: number): Promise<number> =>
    metric(service.adminUrl, `ofa_ve_requests_total{route="unmatched",status="${status}",outcome="refused"}`);
  expect([await counted(400), await counted(404)]).toEqual([0, 0]);
});

it('has a hash by which equal texts are found, but no guess is confirmed', async () => {
  const hashes: unknown[] = [];
  for (const [id, sentence] of Object.entries({ first: 'a dog', second: 'a dog', third: 'a cat' })) {
    const headers = { 'x-request-id': `hash-${id}` };
    expect((await send(`${service.url}/predict`, await predictBody(sentence), { headers }).outcome).status).toBe(200);
    hashes.push((await lineOf(`hash-${id}`))['text_hash']);
  }
  const [first, second, third] = hashes;
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  const guess = createHash('sha256').update('a dog').digest('hex');
  expect(guess).not.toContain(first);
});

it('has the time spent waiting for a body that was not complete by the deadline', async () => {
  const { status } = await fetch(`${service.url}/predict`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-request-id': 'job-slow',
      'x-request-timeout-ms': '150',
    },
    body: new ReadableStream<Uint8Array>({
      start: (body) => {
        body.enqueue(Buffer.from('{"text": '));
      },
    }),
    duplex: 'half',
  });
  expect(status).toBe(504);
  const { stages_ms: stages } = await lineOf('job-slow');
  expect(stages).toEqual({ read: expect.any(Number) as unknown });
  expect((stages as { read: number }).read).toBeGreaterThan(100);
  expect(await metric(service.adminUrl, 'ofa_ve_body_read_seconds_sum')).toBeGreaterThan(0.1);
});

it('names the problem of a refused request', async () => {
  await send(`${service.url}/predict`, '{}', { headers: { 'x-request-id': 'job-2' } }).outcome;
  expect(await lineOf('job-2')).toMatchObject({ level: 30, status: 400, problem: 'missing-field' });
});

it('has probes at debug level, under all their paths', async () => {
  const { name, digest } = service.model.predictor.model;
  const model = `/v2/models/${name}`;
  const paths = ['/livez', '/v2/health/live', '/v2/health/ready', `${model}/ready`];
  for (const [index, path] of [...paths, `${model}/versions/${digest}/ready`].entries()) {
    const id = `probe-${index}`;
    const { status } = await fetch(`${service.url}${path}`, { headers: { 'x-request-id': id } });
    expect([path, status]).toEqual([path, 200]);
    expect([path, (await lineOf(id))['level']]).toEqual([path, 20]);
  }
});

it('contains no image, text, key or path of a user', async () => {
  const headers = {
    'x-request-id': 'job-3',
    authorization: 'Bearer confidential',
    'x-api-key': 'confidential',
  };
  const body = await predictBody('a secret sentence');
  await send(`${service.url}/predict?secret=1`, body, { headers }).outcome;
  await fetch(`${service.url}/secret/path`, { headers: { 'x-request-id': 'job-4' } });
  await lineOf('job-3');
  expect(await lineOf('job-4')).toMatchObject({ route: 'unmatched', status: 404 });
  expect(text()).not.toContain('secret');
  expect(text()).not.toContain('confidential');
  expect(text()).not.toContain('iVBORw0KGgo');
  expect(lines().every((line) => typeof line['msg'] === 'string')).toBe(true);
});
