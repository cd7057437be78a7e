/**
 * Multiple of the time in the self-test. A loaded machine is up to five times slower, and each item of a batch or of a
 * longer text costs a little more.
 */
const FACTOR = 10;
/** No run is killed sooner: a machine can stall for seconds. */
const MIN_MS = 10_000;

/**
 * Longest time a run may take before its engine counts as stuck, where ENGINE_TIMEOUT_MS does not set it. No constant
 * fits every model: a large one on a CPU takes half a minute for a batch, while on a GPU that is longer than requests
 * wait. An engine that was killed because of a load that came later is measured again under that load.
 *
 * @param itemMs time of one item in the self-test
 * @param items items in the run
 * @param minMs shorter in tests
 */
export function runLimitMs(itemMs: number, items: number, minMs = MIN_MS): number {
  return Math.max(minMs, Math.ceil(FACTOR * itemMs * items));
}
