import { EngineFailure, type EngineFailureReason } from '../../engine/process/failure.ts';
import { ItemFailed } from '../errors.ts';
import type { PredictItem } from '../batching-predictor.ts';
import type { Quarantine } from './batcher.ts';

/** Failures that an item can cause. */
const CAUSED_BY_ITEMS: ReadonlySet<EngineFailureReason> = new Set([
  'timeout',
  'crash',
  'out-of-memory',
  'run-error',
  'bad-output',
]);
/** Failures needed to blame an item; the batcher runs each item at least twice. */
const MIN_FAILURES = 2;
const FIRST_MS = 60_000;
const MAX_MS = 600_000;
/** Most pictures remembered. */
const MAX_PICTURES = 1000;
/** Once this many texts have failed with a picture, the picture itself is refused, whatever the text. */
const MAX_TEXTS = 2;

interface Offence {
  readonly untilMs: number;
  readonly times: number;
  readonly texts: Set<string>;
}

/**
 * Remembers items (picture and text) that failed in runs of their own, so that a client that keeps sending one does
 * not cost an engine each time. The batcher calls `blame` when an item has failed alone and `refuse` before it runs an
 * item. An item is refused for one minute first, since the cause may have been something else, and twice as long each
 * further time, up to ten minutes.
 */
export class ItemQuarantine implements Quarantine<PredictItem> {
  readonly #offences = new Map<string, Offence>();
  readonly #now: () => number;

  /** @param now a monotonic clock in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  refuse({ pictureKey, inputIds }: PredictItem): ItemFailed | undefined {
    const offence = pictureKey === undefined ? undefined : this.#offences.get(pictureKey);
    if (offence === undefined || this.#now() >= offence.untilMs) return undefined;
    const isRefused = offence.texts.size >= MAX_TEXTS || offence.texts.has(inputIds.join());
    return isRefused ? new ItemFailed() : undefined;
  }

  blame({ pictureKey, inputIds }: PredictItem, failures: readonly unknown[]): ItemFailed | undefined {
    if (pictureKey === undefined) return undefined;
    const caused = failures.filter(isCausedByItem);
    if (caused.length < MIN_FAILURES || caused.length < failures.length) return undefined;
    for (const failure of caused) failure.isItemsFault = true;
    const { times, texts } = this.#offences.get(pictureKey) ?? { times: 0, texts: new Set<string>() };
    if (texts.size < MAX_TEXTS) texts.add(inputIds.join());
    const untilMs = this.#now() + Math.min(MAX_MS, FIRST_MS * 2 ** times);
    // Reinserted at the end, because the first one is evicted first.
    this.#offences.delete(pictureKey);
    this.#offences.set(pictureKey, { untilMs, times: times + 1, texts });
    const [oldest] = this.#offences.keys();
    if (this.#offences.size > MAX_PICTURES && oldest !== undefined) this.#offences.delete(oldest);
    return new ItemFailed({ cause: failures.at(-1) });
  }
}

function isCausedByItem(failure: unknown): failure is EngineFailure {
  if (!(failure instanceof EngineFailure) || failure.isByOthers) return false;
  return failure.duringRun && CAUSED_BY_ITEMS.has(failure.reason);
}
