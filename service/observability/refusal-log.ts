import { Overloaded } from '../inference/errors.ts';
import type { Logger } from './logger.ts';
import type { RequestSummary } from './request-record.ts';

const INTERVAL_MS = 1000;

/** Why requests were refused; other reasons are logged with each request. */
const REASONS = {
  queue: 'the queue is full',
  share: 'other clients need their share',
} as const;

type Reason = keyof typeof REASONS;

/** Logs requests that found no free slot of the queue: one line a second for all, as there may be thousands. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #counts = new Map<Reason, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Counts a finished request if it was refused for want of a slot. @returns whether it was */
  count({ problem }: Pick<RequestSummary, 'problem'>): boolean {
    const cause = problem?.cause;
    if (!(cause instanceof Overloaded) || (cause.full !== 'queue' && cause.full !== 'share')) return false;
    this.#counts.set(cause.full, (this.#counts.get(cause.full) ?? 0) + 1);
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, INTERVAL_MS).unref();
    return true;
  }

  /** Logs what has been counted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [reason, refused] of this.#counts) {
      const requests = refused === 1 ? '1 request' : `${refused} requests`;
      this.#logger.warn({ refused }, `refused ${requests} because ${REASONS[reason]}`);
    }
    this.#counts.clear();
  }
}
