/** Parts in which the time is counted. */
const PARTS = 10;

/**
 * Calls back once this process has waited for something for so long. A timer alone would also count the time in which
 * the process, or its whole machine, was stopped, and would fire before what came meanwhile is read: so the time is
 * counted in parts, of which such a stall costs one, and what has come is read before the end.
 *
 * @param ms how long
 * @param onOver called when nothing ended the wait
 * @returns ends the wait
 */
export function stallTolerantTimeout(ms: number, onOver: () => void): () => void {
  let left = PARTS;
  let ended = false;
  const over = (): void => {
    if (!ended) onOver();
  };
  const ticks = setInterval(() => {
    if (--left > 0) return;
    clearInterval(ticks);
    // Messages are read after timers, and told a turn after that.
    setImmediate(() => setImmediate(over));
  }, ms / PARTS);
  return () => {
    ended = true;
    clearInterval(ticks);
  };
}
