import { constants, getPriority, setPriority } from 'node:os';

/**
 * How much lower the priority of an engine is, in steps of nice(1). One step is about 10 % of processor time between two
 * threads that compete for a processor; with these the service gets three times as much as a thread of the engine.
 */
const STEPS = 5;

/**
 * Lowers the priority of this thread, and of those that it starts from now on, below that of the service.
 *
 * An engine on the CPU keeps every processor busy. The service needs little time, but at once: with equal priorities and
 * five times the load, its event loop spent half of the time waiting for a processor, and a refusal took 1 to 3 s.
 * bench/overload-refusals.ts measures it.
 */
export function lowerPriority(): void {
  try {
    setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + STEPS));
  } catch {
    // A sandbox may forbid it. The engine computes the same without.
  }
}
