/** A probe's result: yes, or no and why. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The service's state, for probes. */
export interface Health {
  /** Whether the process works, or can recover by itself. */
  live(): Verdict;
  /** Whether it should receive requests now. */
  ready(): Verdict;
  /** Whether it has ever been ready. */
  started(): Verdict;
  /** Whether it is finishing accepted requests before it shuts down. */
  readonly draining: boolean;
}

/** A state that reports when it changes. */
export interface WatchedHealth extends Health {
  /** Calls the listener whenever a verdict may have changed. */
  onChange(listener: () => void): void;
}
