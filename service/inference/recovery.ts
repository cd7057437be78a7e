import { EngineUnavailable } from './errors.ts';

/** What recovery needs of an engine. */
export interface RecoverableEngine<Item, Output> {
  /** Fulfils when a batch can be run; rejects when none ever will. */
  whenReady(): Promise<void>;
  /** Outputs in the items' order; rejects when the engine failed. */
  run(items: readonly Item[]): Promise<readonly Output[]>;
}

/** How an item ended. */
export type Outcome<Output> =
  { readonly ok: true; readonly output: Output } | { readonly ok: false; readonly error: EngineUnavailable };

/**
 * Runs a batch on an engine that may fail. A batch that fails is tried once more; one that failed twice is halved,
 * and its halves again, so that an item that kills the engine fails alone.
 *
 * @param items the batch
 * @param isWanted whether an item still has somebody who waits; others are dropped before a try
 * @param settle called exactly once for each item that is wanted when its turn comes
 */
export async function runWithRecovery<Item, Output>(
  items: readonly Item[],
  engine: RecoverableEngine<Item, Output>,
  isWanted: (item: Item) => boolean,
  settle: (item: Item, outcome: Outcome<Output>) => void,
): Promise<void> {
  const groups: { items: readonly Item[]; failures: number }[] = [{ items, failures: 0 }];
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    const wanted = group.items.filter(isWanted);
    if (wanted.length === 0) continue;
    const failed = await attempt(wanted, engine, settle);
    if (failed === undefined) continue;
    const failures = group.failures + 1;
    if (failed.final) {
      fail(wanted, failed.error, settle);
    } else if (failures < 2) {
      groups.unshift({ items: wanted, failures });
    } else if (wanted.length === 1) {
      fail(wanted, failed.error, settle);
    } else {
      const middle = Math.ceil(wanted.length / 2);
      groups.unshift(
        { items: wanted.slice(0, middle), failures: 1 },
        { items: wanted.slice(middle), failures: 1 },
      );
    }
  }
}

async function attempt<Item, Output>(
  items: readonly Item[],
  engine: RecoverableEngine<Item, Output>,
  settle: (item: Item, outcome: Outcome<Output>) => void,
): Promise<{ error: unknown; final: boolean } | undefined> {
  try {
    await engine.whenReady();
  } catch (error) {
    return { error, final: true };
  }
  let outputs: readonly Output[];
  try {
    outputs = await engine.run(items);
  } catch (error) {
    return { error, final: false };
  }
  for (const [index, item] of items.entries()) {
    const output = outputs[index];
    settle(
      item,
      output === undefined
        ? { ok: false, error: new EngineUnavailable('The engine gave no answer for this item.') }
        : { ok: true, output },
    );
  }
  return undefined;
}

function fail<Item, Output>(
  items: readonly Item[],
  cause: unknown,
  settle: (item: Item, outcome: Outcome<Output>) => void,
): void {
  const error = new EngineUnavailable('The engine failed while computing this item.', { cause });
  for (const item of items) settle(item, { ok: false, error });
}
