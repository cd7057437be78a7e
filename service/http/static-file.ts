import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Handler } from 'hono';
import type { AppEnv } from './context.ts';

/** A handler that sends one file of the program. No part of a request is used as a path. */
export function staticFile(file: URL, contentType: string): Handler<AppEnv> {
  let loaded: Promise<{ bytes: Uint8Array<ArrayBuffer>; etag: string }> | undefined;
  return async (c) => {
    loaded ??= load(file).catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    const { bytes, etag } = await loaded;
    c.header('etag', etag);
    c.header('cache-control', 'no-cache');
    if (c.req.header('if-none-match') === etag) return c.body(null, 304);
    return c.body(bytes, 200, { 'content-type': contentType });
  };
}

async function load(file: URL): Promise<{ bytes: Uint8Array<ArrayBuffer>; etag: string }> {
  const bytes = Uint8Array.from(await readFile(file));
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { bytes, etag };
}
