/** What a probe is told: yes, or why not. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The service's state as probes ask for it. */
export interface Health {
  /** The process works, and waiting can help it. */
  live(): Verdict;
  /** It should be given requests now. */
  ready(): Verdict;
  /** It has been ready once. */
  started(): Verdict;
  /** It finishes what it has accepted, and wants no more. */
  readonly draining: boolean;
}
