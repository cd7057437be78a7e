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

/** Called exactly once for each item that is tried to the end. */
export type Settle<Item, Output> = (item: Item, outcome: Outcome<Output>) => void;

/** How a try failed: for good, where no engine will come any more. */
export interface FailedTry {
  readonly error: unknown;
  readonly final: boolean;
}

/**
 * Runs a batch once.
 *
 * @returns undefined when its items are settled; else why they are not
 */
export async function attempt<Item, Output>(
  items: readonly Item[],
  engine: RecoverableEngine<Item, Output>,
  settle: Settle<Item, Output>,
): Promise<FailedTry | undefined> {
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

/**
 * Tries a batch that failed before a second time. If it fails again it is halved, and its halves again, so that an item
 * that kills engines fails alone. All of that happens on one engine and its replacements: a bad item costs no others.
 *
 * @param items the batch
 * @param isWanted whether an item still has somebody who waits; others are dropped before a try
 * @returns items that are not settled, since this engine will never come again; usually none
 */
export async function retryAndIsolate<Item, Output>(
  items: readonly Item[],
  engine: RecoverableEngine<Item, Output>,
  isWanted: (item: Item) => boolean,
  settle: Settle<Item, Output>,
): Promise<readonly Item[]> {
  const groups: (readonly Item[])[] = [items];
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    const wanted = group.filter(isWanted);
    if (wanted.length === 0) continue;
    const failed = await attempt(wanted, engine, settle);
    if (failed === undefined) continue;
    if (failed.final) return [...wanted, ...groups.flat().filter(isWanted)];
    if (wanted.length === 1) {
      fail(wanted, failed.error, settle);
    } else {
      const middle = Math.ceil(wanted.length / 2);
      groups.unshift(wanted.slice(0, middle), wanted.slice(middle));
    }
  }
  return [];
}

/** Settles items as failed with their engine. */
export function fail<Item, Output>(
  items: readonly Item[],
  cause: unknown,
  settle: Settle<Item, Output>,
): void {
  const error = new EngineUnavailable('The engine failed while computing this item.', { cause });
  for (const item of items) settle(item, { ok: false, error });
}
