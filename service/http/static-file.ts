import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, Handler } from 'hono';
import { accepts } from 'hono/accepts';
import { COMPRESSIBLE_CONTENT_TYPE_REGEX } from 'hono/compress';
import type { AppEnv } from './context.ts';

/** How much of a body is handed to a connection at once. */
const PIECE_BYTES = 64 * 1024;

/** Content, which may have to be read first. */
type Loaded = Promise<Uint8Array | string> | string;

/** One encoding of the content. */
interface Variant {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

interface Variants {
  readonly identity: Variant;
  /** Absent where compression gains nothing. */
  readonly gzip?: Variant;
}

/** A handler that sends one file of the program. No part of a request is used as a path. */
export function staticFile(file: URL, contentType: string): Handler<AppEnv> {
  return staticContent(() => readFile(file), contentType);
}

/**
 * A handler that sends the same content to everybody: compressed for clients that accept gzip, and only when it differs
 * from what the client has (If-None-Match). All responses share one copy of the bytes.
 *
 * @param load called for the first request, and again if it failed
 */
export function staticContent(load: () => Loaded, contentType: string): Handler<AppEnv> {
  let loaded: Promise<Variants> | undefined;
  return async (c) => {
    loaded ??= variantsOf(load, contentType).catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    const { identity, gzip: compressed } = await loaded;
    c.header('cache-control', 'no-cache');
    if (compressed !== undefined) c.header('vary', 'Accept-Encoding', { append: true });
    const variant = compressed !== undefined && acceptsGzip(c) ? compressed : identity;
    c.header('etag', variant.etag);
    if (matches(c.req.header('if-none-match'), variant.etag)) return c.body(null, 304);
    if (variant === compressed) c.header('content-encoding', 'gzip');
    // A Response copies bytes, but takes a stream as it is.
    return c.body(streamOf(variant.bytes), 200, {
      'content-type': contentType,
      'content-length': String(variant.bytes.length),
    });
  };
}

async function variantsOf(load: () => Loaded, contentType: string): Promise<Variants> {
  const content = await load();
  const bytes = Uint8Array.from(typeof content === 'string' ? Buffer.from(content) : content);
  const identity = variant(bytes);
  if (!COMPRESSIBLE_CONTENT_TYPE_REGEX.test(contentType)) return { identity };
  const compressed = Uint8Array.from(await promisify(gzip)(bytes, { level: 9 }));
  return compressed.length < bytes.length ? { identity, gzip: variant(compressed) } : { identity };
}

function variant(bytes: Uint8Array<ArrayBuffer>): Variant {
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}

function acceptsGzip(c: Context<AppEnv>): boolean {
  const supports = ['gzip', 'identity'];
  return accepts(c, { header: 'Accept-Encoding', supports, default: 'identity' }) === 'gzip';
}

/** Whether If-None-Match lists an entity tag: weak comparison, RFC 9110, section 13.1.2. */
function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

/** Reads bytes as fast as the connection sends them. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream(
    {
      pull: (controller) => {
        if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + PIECE_BYTES));
        at += PIECE_BYTES;
        if (at >= bytes.length) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
