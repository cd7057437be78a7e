import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';

/** The content of a published file. */
export interface Content {
  readonly bytes: number;
  readonly read: (from: number, to: number) => Uint8Array;
  /** The SHA-256 in the listing; tests may give a wrong one. */
  readonly sha256: string;
}

/** A request that arrived. */
export interface Seen {
  readonly path: string;
  /** The file requested; undefined for other requests. */
  readonly file: string | undefined;
  readonly range: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** Answers a request itself and returns true, or leaves it to the server. */
type Intercept = (seen: Seen, response: ServerResponse) => boolean;

export interface ModelServer {
  readonly endpoint: string;
  readonly id: string;
  readonly files: Map<string, Content>;
  /** Every request, oldest first. */
  readonly seen: Seen[];
  /** Called for each request before the server answers it as the API does. */
  intercept: Intercept;
  /** Answers a file request as the API does. */
  readonly send: (seen: Seen, response: ServerResponse) => void;
  /** Requests for one file. */
  readonly requestsOf: (file: string) => Seen[];
}

export interface ServerOptions {
  readonly id?: string;
  readonly revision?: string;
  /** Whether ranges are supported. Default: true. */
  readonly ranges?: boolean;
}

const FIXTURE = join(import.meta.dirname, '../../fixtures/ofa/mini-none');
export const MODEL_ID = 'owner/mini-model';
/** Size of the chunks sent, in bytes. */
const CHUNK = 64 << 10;

export function content(bytes: Uint8Array, sha256 = sumOf(bytes)): Content {
  return { bytes: bytes.length, read: (from, to) => bytes.subarray(from, to), sha256 };
}

export function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The files of a small checkpoint, and some that compiling does not need. */
export function miniModel(): Map<string, Content> {
  const names = readdirSync(FIXTURE);
  return new Map(names.map((name) => [name, content(readFileSync(join(FIXTURE, name)))]));
}

/** Starts a local server with ModelScope's public API; it stops when the running test has finished. */
export async function modelServer(
  files: Map<string, Content>,
  { id = MODEL_ID, revision = 'master', ranges = true }: ServerOptions = {},
): Promise<ModelServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const known = {
      path: url.pathname,
      file: url.searchParams.get('FilePath') ?? undefined,
      range: request.headers.range,
      headers: request.headers,
    };
    seen.push(known);
    if (model.intercept(known, response)) return;
    const root = `/api/v1/models/${id}/repo`;
    const found = url.searchParams.get('Revision') === revision;
    if (found && url.pathname === `${root}/files` && url.searchParams.get('Recursive') === 'true') {
      sendListing(files, response);
    } else if (found && url.pathname === root) model.send(known, response);
    else sendJson(response, 404, { Code: 10010205001, Message: 'not found', Success: false });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const model: ModelServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    id,
    files,
    seen,
    intercept: () => false,
    send: (request, response) => {
      const file = files.get(request.file ?? '');
      if (file === undefined) sendJson(response, 404, { Code: 404, Message: 'not found', Success: false });
      else void sendFile(file, ranges ? request.range : undefined, response);
    },
    requestsOf: (file) => seen.filter((request) => request.file === file),
  };
  return model;
}

function sendListing(files: Map<string, Content>, response: ServerResponse): void {
  const entries = [...files].map(([path, { bytes, sha256 }]) => ({
    Name: path.split('/').at(-1),
    Path: path,
    Size: bytes,
    Sha256: sha256,
    Type: 'blob',
    Mode: '33188',
    IsLFS: bytes > 1e6,
    Revision: '0123456789abcdef0123456789abcdef01234567',
  }));
  const folder = { Name: 'resources', Path: 'resources', Size: 0, Sha256: '', Type: 'tree', Mode: '16384' };
  sendJson(response, 200, {
    Code: 200,
    Data: { Files: [folder, ...entries], IsVisual: 1 },
    Message: 'success',
    RequestId: 'a-request',
    Success: true,
  });
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The first byte that a Range header asks for. */
export function startOf(range: string | undefined): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
}

/** Sends the headers of a response to a request for a file. */
export function sendHead(file: Content, range: string | undefined, response: ServerResponse): void {
  const from = startOf(range);
  response.writeHead(range === undefined ? 200 : 206, {
    'content-length': file.bytes - from,
    ...(range !== undefined && { 'content-range': `bytes ${from}-${file.bytes - 1}/${file.bytes}` }),
  });
}

async function sendFile(file: Content, range: string | undefined, response: ServerResponse): Promise<void> {
  sendHead(file, range, response);
  const chunks = function* (): Generator<Uint8Array> {
    for (let at = startOf(range); at < file.bytes; at += CHUNK) {
      yield file.read(at, Math.min(file.bytes, at + CHUNK));
    }
  };
  // Tests close connections.
  await pipeline(Readable.from(chunks()), response).catch(() => undefined);
}
