import type { IncomingMessage, OutgoingMessage } from 'node:http';

/** How much of a refused body is taken, and for how long, before its connection is cut. */
export interface DiscardLimits {
  readonly bytes: number;
  readonly ms: number;
}

/** More than most bodies that are accepted; a slow client gets through with them. */
export const DISCARD_LIMITS: DiscardLimits = { bytes: 128 * 1024 * 1024, ms: 60_000 };

/** How often that is looked at. */
const WATCH_MS = 100;

/** Answers whose clients wait for "100 Continue", and whether their connection is kept. */
const waiting = new WeakMap<object, boolean>();

/**
 * Makes the client of a request with `Expect: 100-continue` wait until {@link letSend}. If it is refused before, it
 * sends no body at all; its connection ends with the answer, since it may send the body all the same.
 */
export function holdBack(outgoing: OutgoingMessage): void {
  waiting.set(outgoing, outgoing.shouldKeepAlive);
  outgoing.shouldKeepAlive = false;
}

/** Tells a client that waits to send its body. Others send it anyway. */
export function letSend(outgoing: object | undefined): void {
  if (outgoing === undefined) return;
  const shouldKeepAlive = waiting.get(outgoing);
  if (shouldKeepAlive === undefined || !waiting.delete(outgoing)) return;
  const response = outgoing as OutgoingMessage & { writeContinue(): void };
  response.shouldKeepAlive = shouldKeepAlive;
  response.writeContinue();
}

/**
 * Takes what is left of a body whose request is answered, and drops it. Many clients look for the answer only when they
 * have sent everything, and would lose it with the connection.
 */
export function discardRest(incoming: IncomingMessage, limits: DiscardLimits): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  const { socket } = incoming;
  const began = { bytes: socket.bytesRead, ms: performance.now() };
  // Not counted by 'data': Node drops a body that nobody has begun to read without a word.
  const watch = setInterval(() => {
    const isTooMuch = socket.bytesRead - began.bytes > limits.bytes;
    if (isTooMuch || performance.now() - began.ms > limits.ms) socket.destroy();
  }, WATCH_MS).unref();
  incoming.once('close', () => {
    clearInterval(watch);
  });
  // Whoever read it until now would keep it.
  incoming.removeAllListeners('data');
  incoming.resume();
}
