/** How many intervals the time is divided into. */
const INTERVALS = 10;

/**
 * A timeout that does not fire because this process, or the whole machine, was suspended. A plain timer also counts
 * that time, and fires before the messages that arrived meanwhile are read. Here a suspension costs at most one of the
 * intervals, and pending messages are read before the timeout fires.
 *
 * @returns cancels the timeout
 */
export function stallTolerantTimeout(ms: number, onTimeout: () => void): () => void {
  let left = INTERVALS;
  let isCancelled = false;
  const fire = (): void => {
    if (!isCancelled) onTimeout();
  };
  const timer = setInterval(() => {
    if (--left > 0) return;
    clearInterval(timer);
    // Node.js polls for messages after its timers, and emits them one turn later.
    setImmediate(() => setImmediate(fire));
  }, ms / INTERVALS);
  return () => {
    isCancelled = true;
    clearInterval(timer);
  };
}
