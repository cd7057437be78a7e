import type { IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import { MIB } from '../../../model/bytes.ts';

/** How much of a body is read that its request does not need, and for how long. */
export interface DiscardLimits {
  /** Before the answer, so that the connection can be kept. */
  readonly before: { readonly bytes: number; readonly ms: number };
  /** After it, before the connection is destroyed; the client may not pause for longer than `pauseMs`. */
  readonly after: { readonly bytes: number; readonly ms: number; readonly pauseMs: number };
}

export const DISCARD_LIMITS: DiscardLimits = {
  // As much as Go's server reads, and long enough for a body that was sent right behind its head.
  before: { bytes: 256 * 1024, ms: 100 },
  // Enough for most bodies that would have been accepted, and for slow clients; nginx allows the same pause.
  after: { bytes: 128 * MIB, ms: 60_000, pauseMs: 5000 },
};

/** How often the limits are checked. */
const WATCH_MS = 100;

/** Responses whose clients wait for "100 Continue", and whether their connection was to be kept. */
const waiting = new WeakMap<object, boolean>();

/**
 * Lets the client of a request with `Expect: 100-continue` wait until {@link sendContinue}. One that is refused before
 * sends no body at all. Its connection is closed after the answer, since it may send the body nevertheless.
 */
export function deferContinue(outgoing: OutgoingMessage): void {
  waiting.set(outgoing, outgoing.shouldKeepAlive);
  outgoing.shouldKeepAlive = false;
}

/** Asks a client that waits for it to send its body. */
export function sendContinue(outgoing: object | undefined): void {
  if (outgoing === undefined) return;
  const shouldKeepAlive = waiting.get(outgoing);
  if (shouldKeepAlive === undefined || !waiting.delete(outgoing)) return;
  const response = outgoing as OutgoingMessage & { writeContinue(): void };
  response.shouldKeepAlive = shouldKeepAlive;
  response.writeContinue();
}

/**
 * Closes the connection of a request after an answer that is given while its body is still arriving. Proxies may
 * keep the connection although they have not sent all of the body (HAProxy does when a client of HTTP/2 cancels its
 * request), and what they send next would count as the rest of it.
 *
 * Call it before anything is written.
 */
export function closeUnlessRead(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const writeHead = outgoing.writeHead.bind(outgoing) as (...args: readonly unknown[]) => ServerResponse;
  outgoing.writeHead = (...args: readonly unknown[]) => {
    if (isArriving(incoming)) outgoing.shouldKeepAlive = false;
    return writeHead(...args);
  };
}

/** The answers that are ready, each with a function that sends it at once. */
const answers = new WeakMap<object, () => void>();

/**
 * Sends the answer that the application has made, as the last one on its connection, without waiting for the rest of the
 * body.
 *
 * @returns false if the application is still at work
 */
export function answerWithoutRest(outgoing: OutgoingMessage): boolean {
  const send = answers.get(outgoing);
  if (send === undefined) return false;
  outgoing.shouldKeepAlive = false;
  send();
  return true;
}

/**
 * Reads and drops what is left of a body before its request is answered, if that is little and comes at once.
 *
 * Call it when the answer is made and recorded.
 */
export async function awaitRest(
  incoming: IncomingMessage,
  outgoing: OutgoingMessage,
  { before }: DiscardLimits,
): Promise<void> {
  answers.set(outgoing, () => undefined);
  if (!outgoing.shouldKeepAlive || !isArriving(incoming) || announcedBy(incoming) > before.bytes) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timeout);
      resolve();
    };
    const timeout = setTimeout(done, before.ms);
    answers.set(outgoing, done);
    for (const event of ['end', 'close'] as const) incoming.once(event, done);
    let bytes = 0;
    dropBody(incoming, (chunk) => {
      bytes += chunk.length;
      if (bytes > before.bytes) done();
    });
  });
}

function isArriving(incoming: IncomingMessage): boolean {
  const hasBody = incoming.headers['transfer-encoding'] !== undefined || announcedBy(incoming) > 0;
  return hasBody && !incoming.complete && !incoming.destroyed;
}

function announcedBy({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/**
 * Reads and drops the rest of a body whose request has been answered. Many clients read the answer only after they have
 * sent everything, and would lose it with the connection. A connection that is to be closed is half-closed meanwhile, as
 * RFC 9112, section 9.6, describes.
 *
 * Call it when the answer has been written, before Node.js closes the connection for that reason.
 */
export function discardRest(incoming: IncomingMessage, { after }: DiscardLimits): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  const { socket } = incoming;
  const began = { bytes: socket.bytesRead, ms: performance.now() };
  let latest = began;
  // Called by Node.js when the answer has said "Connection: close".
  socket.destroySoon = () => {
    socket.end();
  };
  // Node.js emits no 'data' for a body that nobody had begun to read: the socket counts.
  const watch = setInterval(() => {
    const now = performance.now();
    if (socket.bytesRead > latest.bytes) latest = { bytes: socket.bytesRead, ms: now };
    const isTooMuch = socket.bytesRead - began.bytes > after.bytes;
    const isTooLong = now - began.ms > after.ms || now - latest.ms > after.pauseMs;
    if (isTooMuch || isTooLong) socket.destroy();
  }, WATCH_MS).unref();
  incoming.once('close', () => {
    clearInterval(watch);
    Reflect.deleteProperty(socket, 'destroySoon');
    if (socket.writableEnded) socket.destroy();
  });
  dropBody(incoming, () => undefined);
}

function dropBody(incoming: IncomingMessage, onData: (chunk: Buffer) => void): void {
  // Its reader would keep the chunks.
  incoming.removeAllListeners('data');
  incoming.on('data', onData);
  incoming.resume();
}
