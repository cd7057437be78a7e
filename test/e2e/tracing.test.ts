import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { predictBody } from './client.ts';
import { compileFixture } from './packages.ts';
import { serve } from './service.ts';

const attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: z.array(attribute),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).optional(),
});
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

type Span = z.infer<typeof spanSchema>;

let folder = '';
let collector: Server;
let endpoint = '';
const received: z.infer<typeof exportSchema>[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ofa-ve-tracing-'));
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        received.push(exportSchema.parse(JSON.parse(Buffer.concat(chunks).toString())));
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
afterAll(async () => {
  collector.close();
  await rm(folder, { recursive: true });
});

it('sends a span for each part of a request, below the caller’s, and links the batch', async () => {
  const service = await serve({
    MODEL_DIR: await compileFixture('mini-none', folder),
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const response = await fetch(`${service.url}/predict`, {
    method: 'POST',
    body: await predictBody('a secret sentence'),
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('traceresponse')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  expect((await fetch(`${service.url}/livez`)).headers.has('traceresponse')).toBe(false);
  await service.stop();

  const spans = received.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );
  const named = (name: string): Span => {
    const found = spans.find((span) => span.name === name);
    if (found === undefined) throw new Error(`no span ${name} among ${spans.map((s) => s.name).join(', ')}`);
    return found;
  };
  const server = named('POST /predict');
  expect([server.traceId, server.parentSpanId]).toEqual([traceId, 'b7ad6b7169203331']);
  for (const name of ['tokenise', 'decode', 'queue', 'inference']) {
    const part = named(name);
    expect([name, part.traceId, part.parentSpanId]).toEqual([name, traceId, server.spanId]);
    expect(part.startTimeUnixNano).toBeGreaterThanOrEqual(server.startTimeUnixNano - 1_000_000n);
    expect(part.endTimeUnixNano).toBeLessThanOrEqual(server.endTimeUnixNano + 1_000_000n);
  }
  expect(named('engine run').links).toMatchObject([{ traceId, spanId: server.spanId }]);
  expect(spans).toHaveLength(6);
  const resource = received[0]?.resourceSpans[0]?.resource.attributes;
  expect(resource).toContainEqual({ key: 'service.name', value: { stringValue: 'ofa-ve' } });
  // Sizes and hashes, never what was said.
  expect(
    JSON.stringify(received, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toContain('secret');
});

it('serves on, and stops in time, when the collector is not there', async () => {
  const service = await serve({
    MODEL_DIR: join(folder, 'mini-none-fp32'),
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  });
  const headers = { 'content-type': 'application/json' };
  const body = await predictBody('a');
  expect((await fetch(`${service.url}/predict`, { method: 'POST', body, headers })).status).toBe(200);
  await service.stop();
});
