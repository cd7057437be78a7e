import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { findInAnyBucket } from '../../batch/images/bucket-images.ts';
import { openS3File } from '../../batch/storage/s3-file.ts';
import { closeS3, s3 } from '../../batch/storage/s3.ts';
import { writeTar } from '../../testing/tars.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { pictureFolder, resultsIn, testRows, writeRows } from './rows.ts';
import { stubRuns } from './stub-runs.ts';

const run = stubRuns();
const STALL_MS = 300;
const before = { ...process.env };
/** How the server answers. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const server = createServer((request, response) => {
  answer(request, response);
});
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  Object.assign(process.env, { AWS_ENDPOINT_URL_S3: url, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
});

afterEach(closeS3);

afterAll(() => {
  process.env = before;
  server.closeAllConnections();
  server.close();
});

/** A refusal, as services write it. */
function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

/** Sends an object, or the part of it that is asked for. */
function send(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const part = first === undefined ? content : content.subarray(Number(first), Number(last) + 1);
  response.writeHead(first === undefined ? 200 : 206, { 'content-length': part.length, etag: '"1"' });
  response.end(request.method === 'HEAD' ? undefined : part);
}

test('a connection that falls silent is continued by another one', async () => {
  await s3(STALL_MS);
  const content = Buffer.alloc(100, 'a');
  let silent = 2;
  answer = (request, response) => {
    if (request.method === 'HEAD' || silent === 0) send(request, response, content);
    else if (silent-- === 2) {
      response.writeHead(206, { 'content-length': content.length });
      response.write(content.subarray(0, 40));
    }
  };
  const file = await openS3File('s3://shop/rows.csv');
  expect(Buffer.from(await file.read(0, 100)).equals(content)).toBe(true);
});

test("a picture whose connection ends before it is read is asked for again, at Amazon's, too", async () => {
  const config = join(tempFolder(), 'config');
  writeFileSync(config, `[default]\nregion = us-east-1\nendpoint_url = ${url}\n`);
  const content = Buffer.alloc(100, 'a');
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(content));
  vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', config);
  try {
    let first: ServerResponse | undefined;
    answer = (request, response) => {
      if (first !== undefined) {
        send(request, response, content);
        return;
      }
      first = response;
      // The SDK compares the content with it while it is read.
      response.writeHead(200, { 'content-length': 100, 'x-amz-checksum-crc32': sum.toString('base64') });
      response.write(content.subarray(0, 40));
    };
    const { signal } = new AbortController();
    const picture = await findInAnyBucket('s3://shop/a.jpg', signal);
    const ended = once(first ?? expect.fail(), 'close');
    first?.destroy();
    await ended;
    // The client's side of the connection ends after a turn or two; an error that nobody listens to fails the test.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(Buffer.from(await picture.read(signal)).equals(content)).toBe(true);
  } finally {
    vi.unstubAllEnvs();
  }
});

test.each([301, 400])('a bucket of another region is refused with its name (%d)', async (status) => {
  answer = (_request, response) => {
    response.writeHead(status, { 'x-amz-bucket-region': 'eu-west-1' }).end();
  };
  await expect(openS3File('s3://shop/rows.csv')).rejects.toMatchObject({
    code: 'input-unreadable',
    message: 'Cannot read the input s3://shop/rows.csv: the bucket is in the region eu-west-1: set AWS_REGION to it.',
  });
});

const EXPIRED = ['ExpiredToken', 'The provided token has expired.'] as const;
const refusals: [string, number, string, string, string][] = [
  ['credentials that have expired', 400, ...EXPIRED, 'ExpiredToken: The provided token has expired'],
  ['a key that is no longer valid', 403, 'InvalidAccessKeyId', 'No such key', 'InvalidAccessKeyId: No such key'],
  [
    "a token of MinIO's that is no longer valid",
    403,
    'InvalidTokenId',
    'No such token',
    'InvalidTokenId: No such token',
  ],
  ["Cloudflare's refusal of credentials", 401, 'Unauthorized', 'No access', 'Unauthorized: No access'],
  ['a proxy that had to wait', 408, 'Timeout', 'Too slow', 'Timeout: Too slow'],
];

test.each(refusals)('the run ends by %s, as no row is at fault', async (_, status, code, message, reason) => {
  const folder = pictureFolder();
  const rows = testRows(6);
  const input = writeRows(folder, rows);
  const picture = (name: string): Buffer => readFileSync(join(folder, name));
  const names = [...new Set(rows.map(({ image }) => image))];
  const tar = readFileSync(
    writeTar(join(folder, 'a.tar'), Object.fromEntries(names.map((name) => [name, picture(name)]))),
  );
  for (const images of ['s3://shop/a.tar', 's3://shop/pictures']) {
    const output = join(tempFolder(), 'out');
    const work = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.url?.includes('list-type=2') === true) {
        response.end('<ListBucketResult><KeyCount>1</KeyCount></ListBucketResult>');
        return;
      }
      const name = /^\/shop\/pictures\/([\w.-]+)/.exec(request.url ?? '')?.[1];
      send(request, response, name === undefined ? tar : picture(name));
    };
    answer = (request, response) => {
      const isPicture = /^\/shop\/pictures\/image|^bytes=[1-9]/.test(request.headers.range ?? request.url ?? '');
      if (isPicture) refuse(response, status, code, message);
      else work(request, response);
    };
    await expect(run({ input, output, source: { images } })).rejects.toMatchObject({
      code: 'network-unreachable',
      message: expect.stringContaining(`: ${reason}. The same command goes on from there.`) as string,
    });
    answer = work;
    expect((await run({ input, output, source: { images } })).tally).toMatchObject({ rows: 6, failedRows: 0 });
    expect(resultsIn(join(output, 'part-00000.jsonl'))).toHaveLength(6);
  }
});

test('results that cannot be uploaded are computed again by the same command', async () => {
  const input = writeRows(pictureFolder(), testRows(6));
  answer = (request, response) => {
    const isPart = request.url?.includes('part-') === true;
    if (request.method === 'GET') {
      response.end('<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>');
    } else if (isPart) refuse(response, 400, ...EXPIRED);
    else request.resume().on('end', () => response.end());
  };
  await expect(run({ input, output: 's3://shop/out' })).rejects.toMatchObject({
    code: 'network-unreachable',
    message:
      'Cannot write s3://shop/out/part-00000.jsonl: ExpiredToken: The provided token has expired. The same command goes on with the part that was not complete.',
  });
});

test.each(['HEAD', 'GET'])('a run is interrupted although S3 does not answer a %s', async (method) => {
  const interrupt = new AbortController();
  answer = (request, response) => {
    if (request.method === method) interrupt.abort();
    else send(request, response, Buffer.alloc(100));
  };
  await expect(
    run({ input: 's3://shop/rows.jsonl', output: join(tempFolder(), 'out'), signal: interrupt.signal }),
  ).rejects.toMatchObject({
    code: 'interrupted',
    message: 'Interrupted before a row was computed; run the same command again.',
  });
});

test('a run is interrupted although S3 does not answer while it computes', async () => {
  const interrupt = new AbortController();
  const folder = pictureFolder();
  const content = readFileSync(writeRows(folder, testRows(6)));
  let scanned = false;
  answer = (request, response) => {
    if (request.method === 'GET' && scanned) interrupt.abort();
    else send(request, response, content);
    scanned ||= request.method === 'GET';
  };
  const source = { images: folder };
  await expect(
    run({ input: 's3://shop/rows.jsonl', source, output: join(tempFolder(), 'out'), signal: interrupt.signal }),
  ).rejects.toMatchObject({
    message: 'Interrupted after 0 of 6 rows; the same command goes on from there.',
  });
});

test('what S3 has not answered yet ends when the connections are closed', async () => {
  const asked = new Promise<void>((resolve) => {
    answer = () => {
      resolve();
    };
  });
  const opened = expect(openS3File('s3://shop/rows.csv')).rejects.toThrow('Cannot read s3://shop/rows.csv: ');
  await asked;
  await closeS3();
  await opened;
});
