import { Agent, request } from 'node:http';
import { readFile } from 'node:fs/promises';
import { fixtureFile } from '../../testing/fixtures.ts';
import type { TestService } from './service.ts';

/** How a request ended; `status` is 0 if the connection broke. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** A request in progress. */
export interface Sent {
  readonly outcome: Promise<Outcome>;
  /** Destroys the connection. */
  leave(): void;
}

export interface SendOptions {
  readonly agent?: Agent;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends only so many bytes of the body, and leaves the request open. */
  readonly bytes?: number;
}

/** A JSON body for `/predict`. */
export async function predictBody(text: string | readonly string[], image = 'image-00.png'): Promise<string> {
  const base64 = (await readFile(fixtureFile('mini-none', image))).toString('base64');
  return JSON.stringify({ image: base64, ...(typeof text === 'string' ? { text } : { texts: text }) });
}

/** Sends a JSON body over a socket of its own (or the agent's), which `fetch` cannot do. */
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

/** Deadlines for a request that has to reach the engine first, and for one that does not. */
export const IN_ENGINE_MS = 6000;
export const IN_QUEUE_MS = 1000;

/** As {@link send}, with a deadline. */
export function sendWithin(url: string, body: string, ms: number): Sent {
  return send(url, body, { headers: { 'x-request-timeout-ms': String(ms) } });
}

/** A metric's value; 0 if it has none yet. */
export async function metric(adminUrl: string, line: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length) ?? 0);
}

/** Requests whose bodies are arriving. */
export function uploads({ adminUrl }: TestService): Promise<number> {
  return metric(adminUrl, 'ofa_ve_uploads_in_progress');
}

/** Items that the service has accepted but not answered. */
export async function held({ adminUrl }: TestService): Promise<number> {
  return (await metric(adminUrl, 'ofa_ve_queue_items')) + (await metric(adminUrl, 'ofa_ve_inflight_items'));
}

/** Longest wait for a condition: more than a start of the program from its sources takes on a busy machine. */
const TIMEOUT_MS = 45_000;

/** Waits until a condition holds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so within ${TIMEOUT_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
