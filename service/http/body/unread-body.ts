import type { IncomingMessage, OutgoingMessage } from 'node:http';

/** How much of a refused body is read, and for how long, before its connection is destroyed. */
export interface DiscardLimits {
  readonly bytes: number;
  readonly ms: number;
}

/** Enough for most bodies that would have been accepted, and for slow clients. */
export const DISCARD_LIMITS: DiscardLimits = { bytes: 128 * 1024 * 1024, ms: 60_000 };

/** How long a client may go on sending after its connection was half-closed, and how long it may pause. */
const LINGER = { ms: 10_000, idleMs: 2000 };

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
 * Reads and drops the rest of a body whose request has been answered. Many clients read the answer only after they have
 * sent everything, and would lose it with the connection. A connection that is to be closed is half-closed meanwhile, as
 * RFC 9112, section 9.6, describes.
 *
 * Call it when the answer has been written, before Node.js closes the connection for that reason.
 */
export function discardRest(incoming: IncomingMessage, limits: DiscardLimits): void {
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
    const isTooMuch = socket.bytesRead - began.bytes > limits.bytes;
    const isTooLong = socket.writableEnded
      ? now - latest.ms > LINGER.idleMs || now - began.ms > Math.min(LINGER.ms, limits.ms)
      : now - began.ms > limits.ms;
    if (isTooMuch || isTooLong) socket.destroy();
  }, WATCH_MS).unref();
  incoming.once('close', () => {
    clearInterval(watch);
    Reflect.deleteProperty(socket, 'destroySoon');
    if (socket.writableEnded) socket.destroy();
  });
  // Its reader would keep the chunks.
  incoming.removeAllListeners('data');
  incoming.resume();
}
