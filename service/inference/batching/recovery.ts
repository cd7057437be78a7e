import { EngineUnavailable } from '../errors.ts';

/** What recovery needs of an engine. */
export interface RecoverableEngine<Item, Output> {
  /** Fulfils when a batch can be run; rejects when none ever will. */
  whenReady(): Promise<void>;
  /** Outputs in the items' order; rejects when the engine failed. */
  run(items: readonly Item[]): Promise<readonly Output[]>;
}

/** How an item ended. */
export type Outcome<Output> =
  | { readonly ok: true; readonly output: Output }
  | {
      readonly ok: false;
      readonly error: EngineUnavailable;
      /** Where it failed alone, why each run failed that it was in. */
      readonly failures: readonly unknown[];
    };

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
        ? {
            ok: false,
            error: new EngineUnavailable('The engine gave no answer for this item.'),
            failures: [],
          }
        : { ok: true, output },
    );
  }
  return undefined;
}

/** Items that are tried together, and why each run failed that they were in. */
interface Group<Item> {
  readonly items: readonly Item[];
  readonly failures: readonly unknown[];
}

/**
 * Tries a batch that failed before a second time. If it fails again it is halved, and its halves again, so that an item
 * that kills engines fails alone. All of that happens on one engine and its replacements: a bad item costs no others.
 *
 * @param batch its items, and why it failed
 * @param isWanted whether an item still has somebody who waits; others are dropped before a try
 * @returns items that are not settled, since this engine will never come again; usually none
 */
export async function retryAndIsolate<Item, Output>(
  batch: Group<Item>,
  engine: RecoverableEngine<Item, Output>,
  isWanted: (item: Item) => boolean,
  settle: Settle<Item, Output>,
): Promise<readonly Item[]> {
  const groups: Group<Item>[] = [batch];
  for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
    const wanted = group.items.filter(isWanted);
    const [first, ...others] = wanted;
    if (first === undefined) continue;
    const failed = await attempt(wanted, engine, settle);
    if (failed === undefined) continue;
    if (failed.final) return [...wanted, ...groups.flatMap(({ items }) => items).filter(isWanted)];
    const failures = [...group.failures, failed.error];
    if (others.length === 0) {
      const message = 'The engine failed while computing this item.';
      const error = new EngineUnavailable(message, { cause: failed.error });
      settle(first, { ok: false, error, failures });
    } else {
      const middle = Math.ceil(wanted.length / 2);
      groups.unshift({ items: wanted.slice(0, middle), failures }, { items: wanted.slice(middle), failures });
    }
  }
  return [];
}
