import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

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
  status: z.object({ code: z.number() }),
});
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});

/** A span as it is sent. */
export type Span = z.infer<typeof spanSchema>;

/** What OTLP has for a span that failed. */
export const STATUS_ERROR = 2;

/** Takes spans over OTLP and HTTP, on a port of its own. */
export class OtlpCollector implements AsyncDisposable {
  /** All that was sent to `/v1/traces`. */
  readonly received: z.infer<typeof exportSchema>[] = [];
  /** The headers of each request. */
  readonly headers: IncomingHttpHeaders[] = [];
  /** How it answers, in turn; the last one for ever. */
  answers: readonly { readonly status: number; readonly body: string }[] = [{ status: 200, body: '{}' }];
  /** Requests that were answered. */
  answered = 0;
  readonly #server = createServer((request, response) => {
    this.headers.push(request.headers);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        this.received.push(exportSchema.parse(JSON.parse(Buffer.concat(chunks).toString())));
      }
      const answer = this.answers[Math.min(this.answered++, this.answers.length - 1)];
      response.writeHead(answer?.status ?? 200, { 'content-type': 'application/json' }).end(answer?.body);
    });
  });

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spans(): Span[] {
    return this.received.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  }

  /** The span of this name. */
  named(name: string): Span {
    const names = this.spans.map((span) => span.name).join(', ');
    const found = this.spans.find((span) => span.name === name);
    if (found === undefined) throw new Error(`no span ${name} among ${names}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** A span's attributes by name; whole numbers may come as text. */
export function attributesOf(span: Span): Record<string, unknown> {
  return Object.fromEntries(
    span.attributes.map(({ key, value: { stringValue, intValue, doubleValue } }) => [
      key,
      stringValue ?? doubleValue ?? Number(intValue),
    ]),
  );
}
