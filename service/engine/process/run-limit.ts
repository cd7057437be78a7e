/**
 * How many times as long as in the self-test a run may take. A machine under load is five times slower; longer texts
 * and items of a batch cost somewhat more each.
 */
const PATIENCE = 10;
/** What computes is not killed sooner: a machine can stand still for seconds. */
const LEAST_MS = 10_000;

/**
 * How long a run may take before its engine counts as stuck, where no setting says it. One time for all would be too
 * short for a large model on a CPU, whose batches take half a minute, or of no use on a GPU, where requests have run
 * out of time before it has passed. An engine that is killed for a load that came later is measured anew under it.
 *
 * @param itemMs what an item took in the self-test
 * @param items in the run
 * @param leastMs tests shorten it
 */
export function runLimitMs(itemMs: number, items: number, leastMs = LEAST_MS): number {
  return Math.max(leastMs, Math.ceil(PATIENCE * itemMs * items));
}
