import { expect, it } from 'vitest';
import { manifestsOf, only } from '../manifests.ts';
import { BACKFILL, withWorkload } from '../scenarios.ts';

it.each([
  ['https://s3.example.com', 443],
  ['http://s3.example.com', 80],
  ['http://s3.example.com:9000', 9000],
])('a backfill may connect to the port of its store at %s', (endpoint, port) => {
  const storage = { kind: 's3', region: 'eu-central-1', endpoint } as const;
  const backfill = { ...BACKFILL, input: 's3://shop/rows.csv', output: 's3://shop/answers', storage };
  const policy = only(manifestsOf(withWorkload({ backfills: [backfill] }, '1.29')), 'NetworkPolicy', 'ofa-ve-archive');
  expect((policy['spec'] as { egress: unknown[] }).egress.at(-1)).toEqual({ ports: [{ port, protocol: 'TCP' }] });
});
