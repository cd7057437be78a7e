import { EngineFailure } from '../../engine/process/failure.ts';
import type { EngineFailureReason } from '../../engine/process/failure.ts';
import type { Quarantine } from './batcher.ts';
import { ItemFailed } from '../errors.ts';
import type { PredictItem } from '../predictor.ts';

/** What an item can do to an engine. */
const OF_ITEMS: ReadonlySet<EngineFailureReason> = new Set(['timeout', 'crash', 'run-error', 'bad-output']);
/** Failures that it takes: each item is tried again once. */
const TRIES = 2;
const FIRST_MS = 60_000;
const LAST_MS = 600_000;
/** Pictures that are remembered. */
const MOST_PICTURES = 1000;
/** So many texts that failed with one picture, each alone, leave only the picture to blame. */
const TEXTS_ENOUGH = 2;

interface Held {
  readonly untilMs: number;
  readonly times: number;
  readonly texts: Set<string>;
}

/**
 * Remembers items that failed alone, so that a client that sends one again and again does not cost an engine each time.
 * For a minute first, since something else may have been wrong for a while; longer each time, up to ten minutes.
 */
export class ItemQuarantine implements Quarantine<PredictItem> {
  readonly #held = new Map<string, Held>();
  readonly #now: () => number;

  /** @param now a monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  refuse({ pictureKey, inputIds }: PredictItem): ItemFailed | undefined {
    const held = this.#held.get(pictureKey);
    if (held === undefined || this.#now() >= held.untilMs) return undefined;
    const isHeld = held.texts.size >= TEXTS_ENOUGH || held.texts.has(inputIds.join());
    return isHeld ? new ItemFailed() : undefined;
  }

  blame({ pictureKey, inputIds }: PredictItem, failures: readonly unknown[]): ItemFailed | undefined {
    const blamable = failures.filter(isBlamable);
    // Once alone is no proof: it was tried before, too.
    if (blamable.length < TRIES || blamable.length < failures.length) return undefined;
    for (const failure of blamable) failure.isItemsFault = true;
    const { times, texts } = this.#held.get(pictureKey) ?? { times: 0, texts: new Set<string>() };
    if (texts.size < TEXTS_ENOUGH) texts.add(inputIds.join());
    const untilMs = this.#now() + Math.min(LAST_MS, FIRST_MS * 2 ** times);
    // The latest last: the first one is forgotten first.
    this.#held.delete(pictureKey);
    this.#held.set(pictureKey, { untilMs, times: times + 1, texts });
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_PICTURES && oldest !== undefined) this.#held.delete(oldest);
    return new ItemFailed({ cause: failures.at(-1) });
  }
}

function isBlamable(failure: unknown): failure is EngineFailure {
  return failure instanceof EngineFailure && failure.duringRun && OF_ITEMS.has(failure.reason);
}
