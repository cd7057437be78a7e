import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitSeconds = 300): Promise<void> {
  const deadline = Date.now() + limitSeconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitSeconds} s: ${what}`);
    await sleep(250);
  }
}
