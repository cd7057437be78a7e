import type { Logger } from './logger.ts';

/** An unreachable collector fails every few seconds, but one warning a minute is enough. */
const INTERVAL_MS = 60_000;

/** Logs a warning when spans do not reach the collector: OpenTelemetry itself drops them silently. */
export class TraceLoss {
  readonly #logger: Logger;
  readonly #collector: string;
  readonly #now: () => number;
  #spans = 0;
  /** The latest reason that was not logged yet. */
  #reason: string | undefined;
  #loggedMs = -Infinity;
  #closed = false;

  /**
   * @param url where the spans are sent; its query and credentials are not logged
   * @param now a monotonic clock in milliseconds
   */
  constructor(logger: Logger, url: string, now: () => number = () => performance.now()) {
    const { origin, pathname } = new URL(url);
    this.#logger = logger;
    this.#collector = `${origin}${pathname}`;
    this.#now = now;
  }

  /**
   * Reports that spans were lost, or may have been.
   *
   * @param reason the predicate of a sentence whose subject is the collector
   * @param spans how many, if that is known
   */
  report(reason: string, spans = 0): void {
    if (this.#closed) return;
    this.#spans += spans;
    this.#reason = reason;
    if (this.#now() - this.#loggedMs >= INTERVAL_MS) this.#log();
  }

  /** Logs what was held back, and ignores later reports. */
  close(): void {
    this.#log();
    this.#closed = true;
  }

  #log(): void {
    if (this.#reason === undefined) return;
    this.#logger.warn(
      {
        ...(this.#spans > 0 ? { spans: this.#spans } : {}),
        detail: `The collector ${this.#collector} ${this.#reason}. It must accept OTLP over HTTP, usually on port 4318; port 4317 is for gRPC.`,
      },
      'traces are lost',
    );
    this.#loggedMs = this.#now();
    this.#spans = 0;
    this.#reason = undefined;
  }
}
