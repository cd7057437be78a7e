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
