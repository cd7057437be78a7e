import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFile } from '../../batch/storage/files.ts';
import { closeS3 } from '../../batch/storage/s3.ts';

const before = { ...process.env };

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' });
});

afterEach(async () => {
  await closeS3();
  process.env = { ...before };
});

test('a bucket without a region is refused with the variable that sets it', async () => {
  await expect(openFile('s3://bucket/rows.csv')).rejects.toMatchObject({
    code: 'settings-invalid',
    message: 'Cannot read s3://bucket/rows.csv: no region is set: set AWS_REGION to that of the bucket.',
  });
});

test.each([
  ['AWS_ENDPOINT_URL_S3', 'minio.storage'],
  ['AWS_ENDPOINT_URL_S3', 'minio:9000'],
  ['AWS_ENDPOINT_URL', '//minio'],
])('%s=%s is refused, as it is no address', async (name, value) => {
  process.env[name] = value;
  await expect(openFile('s3://bucket/rows.csv')).rejects.toMatchObject({
    code: 'settings-invalid',
    message: `${name} is "${value}" but must be the address of a service, such as http://minio.storage:9000.`,
  });
});

test.each(['proxy.example:3128', '127.0.0.1:3128', 'socks5://127.0.0.1:9', 'http://100%@127.0.0.1:9'])(
  'HTTPS_PROXY=%s is refused, as no request would take it',
  async (value) => {
    process.env['HTTPS_PROXY'] = value;
    await expect(openFile('s3://bucket/rows.csv')).rejects.toMatchObject({
      code: 'settings-invalid',
      message: expect.stringContaining('must be addresses of http or https proxies') as unknown,
    });
  },
);

/** Whether Node.js reads the addresses of proxies. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const knowsProxies = major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);

test.runIf(knowsProxies)('objects are read by the proxy that the environment names', async () => {
  const asked: string[] = [];
  const proxy = createServer(({ method, url }, response) => {
    asked.push(`${method ?? ''} ${url ?? ''}`);
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  try {
    await once(proxy, 'listening');
    Object.assign(process.env, {
      HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NO_PROXY: 'other.example',
      AWS_ENDPOINT_URL_S3: 'http://minio.example:9000',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    await expect(openFile('s3://bucket/rows.csv')).rejects.toThrow('there is no such object');
    expect(asked).toContain('HEAD http://minio.example:9000/bucket/rows.csv');
  } finally {
    await closeS3();
    proxy.close();
  }
});
