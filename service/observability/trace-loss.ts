import type { Logger } from './logger.ts';

/** A collector that is away fails every few seconds; one line a minute says so. */
const QUIET_MS = 60_000;

/** Says in the log that spans do not reach the collector: OpenTelemetry by itself loses them without a word. */
export class TraceLoss {
  readonly #logger: Logger;
  readonly #collector: string;
  readonly #now: () => number;
  #spans = 0;
  /** What has not been said yet. */
  #reason: string | undefined;
  #saidMs = -Infinity;
  #closed = false;

  /**
   * @param url where the spans are sent
   * @param now a monotonic clock in milliseconds
   */
  constructor(logger: Logger, url: string, now: () => number = () => performance.now()) {
    const { origin, pathname } = new URL(url);
    this.#logger = logger;
    // Without a password that may be in it.
    this.#collector = `${origin}${pathname}`;
    this.#now = now;
  }

  /**
   * Spans were lost, or there is reason to think so.
   *
   * @param reason a part of a sentence whose subject is the collector
   * @param spans how many, where it is known
   */
  note(reason: string, spans = 0): void {
    if (this.#closed) return;
    this.#spans += spans;
    this.#reason = reason;
    if (this.#now() - this.#saidMs >= QUIET_MS) this.#say();
  }

  /** Says what was kept back. What comes later was said by then. */
  close(): void {
    this.#say();
    this.#closed = true;
  }

  #say(): void {
    if (this.#reason === undefined) return;
    this.#logger.warn(
      {
        ...(this.#spans > 0 ? { spans: this.#spans } : {}),
        detail: `The collector ${this.#collector} ${this.#reason}. It must take OTLP over HTTP, for which the port is usually 4318; 4317 is for gRPC.`,
      },
      'traces are lost',
    );
    this.#saidMs = this.#now();
    this.#spans = 0;
    this.#reason = undefined;
  }
}
