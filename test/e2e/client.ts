import { Agent, request } from 'node:http';
import { readFile } from 'node:fs/promises';
import { fixtureFile } from '../../testing/fixtures.ts';

/** What a request ended with; `status` 0 when the connection broke. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** A request on its way. */
export interface Sent {
  readonly outcome: Promise<Outcome>;
  /** Breaks the connection. */
  leave(): void;
}

export interface SendOptions {
  readonly agent?: Agent;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends only this much of the body, and then nothing. */
  readonly bytes?: number;
}

/** A JSON body for `/predict`. */
export async function predictBody(text: string | readonly string[], image = 'image-00.png'): Promise<string> {
  const base64 = (await readFile(fixtureFile('mini-none', image))).toString('base64');
  return JSON.stringify({ image: base64, ...(typeof text === 'string' ? { text } : { texts: text }) });
}

/** Sends a JSON body over a socket of its own (or the agent's), as `fetch` cannot be told to. */
export function send(url: string, body: string, options: SendOptions = {}): Sent {
  const req = request(url, {
    method: 'POST',
    agent: options.agent ?? new Agent(),
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...options.headers,
    },
  });
  const outcome = new Promise<Outcome>((resolve) => {
    req.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('close', () => {
        resolve({
          status: response.complete ? (response.statusCode ?? 0) : 0,
          body: Buffer.concat(chunks).toString(),
          headers: response.headers,
        });
      });
    });
    req.on('error', () => {
      resolve({ status: 0, body: '', headers: {} });
    });
  });
  if (options.bytes === undefined) req.end(body);
  else req.write(body.slice(0, options.bytes));
  return { outcome, leave: () => req.destroy() };
}

/** Deadlines: of a request that has to come as far as the engine before, and of one that need not. */
export const IN_ENGINE_MS = 6000;
export const IN_QUEUE_MS = 1000;

/** As {@link send}, with a deadline of the client's. */
export function sendWithin(url: string, body: string, ms: number): Sent {
  return send(url, body, { headers: { 'x-request-timeout-ms': String(ms) } });
}

/** A metric's value; 0 where it has none yet. */
export async function metric(adminUrl: string, line: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length) ?? 0);
}

/** For how long something may take: a start of the program from its sources on a busy machine, and then some. */
const PATIENCE_MS = 45_000;

/** Waits until something is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${PATIENCE_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
