/** Windows over which the recorded ratios are computed, short to long. */
export const RATIO_WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;

/** See {@link RATIO_WINDOWS}. */
export type RatioWindow = (typeof RATIO_WINDOWS)[number];

/** One pair of windows: the long one says that it matters, the short one that it goes on. */
export interface BurnRate {
  /** How many times faster than allowed the month's budget is spent. */
  readonly factor: number;
  readonly long: RatioWindow;
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

/** Share that may fail, of an objective in per cent; rounded, as 100 - 99.9 is not 0.1 in binary. */
export function errorBudget(objectivePercent: number): number {
  return Number(((100 - objectivePercent) / 100).toFixed(6));
}

/** Whether a ratio burns its budget at one of the rates. `recorded` names the recorded ratio of a window. */
export function burning(
  recorded: (window: RatioWindow) => string,
  budget: number,
  rates: readonly BurnRate[],
): string {
  return rates
    .map(({ factor, long, short }) => {
      const threshold = Number((factor * budget).toFixed(6));
      return `(${recorded(long)} > ${threshold} and ${recorded(short)} > ${threshold})`;
    })
    .join(' or ');
}
