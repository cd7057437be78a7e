import { podNamePattern, tracksOf, type Track } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/**
 * Window of the request rate that scaling uses: a minute, or four scrapes if that is longer, so that a lost one does no
 * harm. A longer one would add pods after a load has ended.
 */
export function scalingWindow({ workload }: WorkloadContext): string {
  return `${Math.max(60, 4 * workload.observability.scrapeIntervalSeconds)}s`;
}

/** PromQL on one track of a workload. Queries select by namespace and pod name, which every way of scraping adds. */
export class WorkloadQueries {
  readonly #context: WorkloadContext;
  readonly #track: Track;

  constructor(context: WorkloadContext, track: Track = 'stable') {
    this.#context = context;
    this.#track = track;
  }

  /** `metric{...}` of the track's pods, narrowed down by further label matchers. */
  select(metric: string, filter = ''): string {
    const pods = `namespace="${this.#context.namespace}",pod=~"${podNamePattern(this.#context, this.#track)}"`;
    return `${metric}{${joinMatchers(pods, filter)}}`;
  }

  /** Answered requests per second, without probes and documents. */
  requestRate(window: string, filter = ''): string {
    const { metrics } = this.#context.server;
    const filters = joinMatchers(metrics.requestFilter, filter);
    return `sum(rate(${this.select(metrics.requests, filters)}[${window}]))`;
  }

  /** Requests per second that the service owed an answer, or of those the failed ones. */
  owedRate(window: string, which: 'all' | 'failed' = 'all'): string {
    const { owedFilter, errorFilter } = this.#context.server.metrics;
    return this.requestRate(window, joinMatchers(owedFilter, which === 'failed' ? errorFilter : ''));
  }

  /**
   * As {@link owedRate}, but 0 before the first request, when its counter does not exist: nothing only where the pods
   * are not scraped at all, which an autoscaler must not take for no load.
   */
  scalingRate(): string {
    const { always } = this.#context.server.metrics;
    return `(${this.owedRate(scalingWindow(this.#context))}) or 0 * sum(${this.select(always)})`;
  }

  /**
   * Share of the owed requests that failed; 0 while no request has failed and the counter of failures does not exist.
   */
  errorRatio(window: string): string {
    return `(${this.owedRate(window, 'failed')} or vector(0)) / ${this.owedRate(window)}`;
  }

  /** Share of requests that took longer than `seconds`, which must be the bound of a bucket. */
  slowRatio(window: string, seconds: number): string {
    const fast = this.#latency('_bucket', bucketFilter(seconds));
    return `1 - sum(rate(${fast}[${window}])) / sum(rate(${this.#latency('_count')}[${window}]))`;
  }

  /** Number of owed requests that failed. */
  errorCount(window: string): string {
    const { owedFilter, errorFilter, requestFilter, requests } = this.#context.server.metrics;
    return `sum(increase(${this.select(requests, joinMatchers(requestFilter, owedFilter, errorFilter))}[${window}]))`;
  }

  /** Number of requests that took longer than `seconds`, which must be the bound of a bucket. */
  slowCount(window: string, seconds: number): string {
    const fast = this.#latency('_bucket', bucketFilter(seconds));
    return `sum(increase(${this.#latency('_count')}[${window}])) - sum(increase(${fast}[${window}]))`;
  }

  /** Quantile of the latency in seconds. */
  latencyQuantile(quantile: number, window: string): string {
    return `histogram_quantile(${quantile}, sum by (le) (rate(${this.#latency('_bucket')}[${window}])))`;
  }

  #latency(series: '_bucket' | '_count', filter = ''): string {
    const { latency, latencyFilter } = this.#context.server.metrics;
    return this.select(`${latency}${series}`, joinMatchers(latencyFilter, filter));
  }

  /** Accepted and unanswered items of all pods, or per value of the label `grouping`. */
  load(grouping = ''): string {
    return this.#sumOfLoad(grouping, (gauge) => gauge);
  }

  /** Median of {@link load} over a window, or nearly so: the sum of the gauges' medians. */
  medianLoad(window: string, grouping = ''): string {
    return this.#sumOfLoad(grouping, (gauge) => `quantile_over_time(0.5, ${gauge}[${window}])`);
  }

  #sumOfLoad(grouping: string, over: (gauge: string) => string): string {
    const by = grouping === '' ? '' : ` by (${grouping})`;
    return this.#context.server.metrics.load.map((gauge) => `sum${by} (${over(this.select(gauge))})`).join(' + ');
  }
}

/** The queries on each track that a workload runs. */
export function queriesByTrack(context: WorkloadContext): (readonly [Track, WorkloadQueries])[] {
  return tracksOf(context).map((track) => [track, new WorkloadQueries(context, track)] as const);
}

/** Joins lists of label matchers, of which some may be empty. */
export function joinMatchers(...filters: string[]): string {
  return filters.filter((filter) => filter !== '').join(',');
}

/** Prometheus 3 writes the bound 1 as `1.0`, older versions as the server does. */
function bucketFilter(seconds: number): string {
  return Number.isInteger(seconds) ? `le=~"${seconds}(\\\\.0)?"` : `le="${seconds}"`;
}
