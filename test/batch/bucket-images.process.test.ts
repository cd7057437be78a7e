import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BucketImages } from '../../batch/images/bucket-images.ts';
import { openS3File } from '../../batch/storage/s3-file.ts';
import { closeS3 } from '../../batch/storage/s3.ts';

/** Paths of the requests for objects. */
const asked: string[] = [];
const server = createServer((request, response) => {
  const path = decodeURIComponent((request.url ?? '').replace(/\?.*/, ''));
  if (request.url?.includes('list-type=2') === true) {
    response.end('<ListBucketResult><KeyCount>1</KeyCount></ListBucketResult>');
    return;
  }
  asked.push(path);
  if (!path.endsWith('/stalled')) {
    response.end('picture');
    return;
  }
  response.writeHead(200, { 'content-length': 100 });
  if (request.method === 'HEAD') response.end();
  else response.write('pict');
});
const before = { ...process.env };

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  });
});

afterAll(async () => {
  await closeS3();
  process.env = before;
  server.close();
});

/** The object that is asked for. */
async function keyOf(folder: string, name: string): Promise<string | undefined> {
  const images = await BucketImages.open(folder, false);
  const image = await images.find(name, new AbortController().signal);
  await image.close?.();
  return asked.pop();
}

test('two slashes of a key are not one', async () => {
  expect(await keyOf('s3://shop/a//b', 'c.jpg')).toBe('/shop/a//b/c.jpg');
  expect(await keyOf('s3://shop/a//b', 'c//d.jpg')).toBe('/shop/a//b/c//d.jpg');
  expect(await keyOf('s3://shop', '/c.jpg')).toBe('/shop//c.jpg');
});

test('an address of Hadoop is one of S3', async () => {
  expect(await keyOf('s3a://shop/a', 's3n://shop/a/c.jpg')).toBe('/shop/a/c.jpg');
  expect(await keyOf('s3://shop/a', 'S3A://shop/a/c.jpg')).toBe('/shop/a/c.jpg');
});

test('a name is relative to the folder, and cannot leave it', async () => {
  expect(await keyOf('s3://shop/a', './b/../c.jpg')).toBe('/shop/a/c.jpg');
  expect(await keyOf('s3://shop/a', '/c.jpg')).toBe('/shop/a/c.jpg');
  await expect(keyOf('s3://shop/a', 'b/../../c.jpg')).rejects.toMatchObject({ code: 'image-outside-folder' });
});

test('a picture that stalls is given up when its run is aborted', async () => {
  const interrupt = new AbortController();
  const images = await BucketImages.open('s3://shop', false);
  const image = await images.find('stalled', interrupt.signal);
  const reading = image.read(interrupt.signal);
  const reason = new Error('interrupted');
  interrupt.abort(reason);
  await expect(reading).rejects.toBe(reason);
});

test('a file that stalls is given up when the connections are closed', async () => {
  const chunks = (await openS3File('s3://shop/stalled')).stream()[Symbol.asyncIterator]();
  expect(await chunks.next()).toEqual({ done: false, value: Buffer.from('pict') });
  const rest = chunks.next();
  await closeS3();
  await expect(rest).rejects.toThrow('Cannot read s3://shop/stalled: the connections were closed.');
});
