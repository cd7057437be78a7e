/** Windows of the recorded ratios, from short to long. */
export const RATIO_WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;

/** Windows whose rules are evaluated less often: they read nine tenths of the samples that all windows read. */
export const LONG_WINDOWS: readonly string[] = ['1d', '3d'] satisfies (typeof RATIO_WINDOWS)[number][];

/**
 * Time between two evaluations of the {@link LONG_WINDOWS}, in which their values hardly change. Below the five minutes
 * after which Prometheus no longer finds a recorded value.
 */
export const LONG_WINDOWS_INTERVAL = '3m';

/** A window of a recorded ratio. */
export type RatioWindow = (typeof RATIO_WINDOWS)[number];

/** Windows over which failures are counted: the long ones of {@link BURN_RATES}. */
export const COUNT_WINDOWS = ['1h', '6h', '1d', '3d'] as const satisfies readonly RatioWindow[];

/** A window of a recorded count. */
type CountWindow = (typeof COUNT_WINDOWS)[number];

/** Fewest failures that matter: after a silence, a single failed request is all of the requests. */
export const LEAST_FAILURES = 5;

/**
 * Share of misses that is an outage, whatever the objective: for one below 94 %, a multiple of the budget is more than
 * all requests.
 */
const OUTAGE = 0.9;

/** A pair of windows: the long one shows that a problem matters, the short one that it persists. */
export interface BurnRate {
  /** How many times faster than allowed the error budget is spent. */
  readonly factor: number;
  readonly long: CountWindow;
  readonly short: RatioWindow;
}

/**
 * Multiwindow, multi-burn-rate alerting after the Site Reliability Workbook, chapter 5, table 5-8: `fast` has spent
 * 2 % of a 30-day budget in an hour or 5 % in six, `slow` 10 % in one day or three.
 */
export const BURN_RATES = {
  fast: [
    { factor: 14.4, long: '1h', short: '5m' },
    { factor: 6, long: '6h', short: '30m' },
  ],
  slow: [
    { factor: 3, long: '1d', short: '2h' },
    { factor: 1, long: '3d', short: '6h' },
  ],
} as const satisfies Record<string, readonly BurnRate[]>;

/** Share of requests that may miss an objective. Rounded, as 100 - 99.9 is not 0.1 in binary. */
export function errorBudget(objectivePercent: number): number {
  return Number(((100 - objectivePercent) / 100).toFixed(6));
}

/** Series of an objective: the share of the requests that missed it, and their number. */
export interface Misses {
  readonly ratio: (window: RatioWindow) => string;
  readonly count: (window: CountWindow) => string;
}

/** PromQL whose value is the ratio of the long window while a budget burns at one of the rates. */
export function burning({ ratio, count }: Misses, budget: number, rates: readonly BurnRate[]): string {
  return rates
    .map(({ factor, long, short }) => {
      const threshold = Math.min(OUTAGE, Number((factor * budget).toFixed(6)));
      return `(${ratio(long)} > ${threshold} and ${ratio(short)} > ${threshold} and ${count(long)} >= ${LEAST_FAILURES})`;
    })
    .join(' or ');
}
