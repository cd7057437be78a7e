import { podNamePattern } from '../workload/names.ts';
import type { Track } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';

/**
 * PromQL on one track of a workload. Every query selects by namespace and pod name, which each way of scraping adds.
 */
export class WorkloadQueries {
  private readonly context: WorkloadContext;
  private readonly track: Track;

  constructor(context: WorkloadContext, track: Track = 'stable') {
    this.context = context;
    this.track = track;
  }

  /** `metric{...}` with the pods' labels, and `filter` if there is one. */
  select(metric: string, filter = ''): string {
    const pods = `namespace="${this.context.namespace}",pod=~"${podNamePattern(this.context, this.track)}"`;
    return `${metric}{${joinFilters(pods, filter)}}`;
  }

  /** Answered requests a second, probes and documents left out. */
  requestRate(window: string, filter = ''): string {
    const { metrics } = this.context.server;
    const filters = joinFilters(metrics.requestFilter, filter);
    return `sum(rate(${this.select(metrics.requests, filters)}[${window}]))`;
  }

  /**
   * Share of requests that failed. `or vector(0)`: a counter of failures does not exist before the first one.
   */
  errorRatio(window: string): string {
    const failed = this.requestRate(window, this.context.server.metrics.errorFilter);
    return `(${failed} or vector(0)) / ${this.requestRate(window)}`;
  }

  /** Share of requests that took longer than `seconds`, which has to be a bucket's bound. */
  slowRatio(window: string, seconds: number): string {
    const fast = this.latency('_bucket', bucketFilter(seconds));
    return `1 - sum(rate(${fast}[${window}])) / sum(rate(${this.latency('_count')}[${window}]))`;
  }

  /** A quantile of the latency. */
  latencyQuantile(quantile: number, window: string): string {
    return `histogram_quantile(${quantile}, sum by (le) (rate(${this.latency('_bucket')}[${window}])))`;
  }

  private latency(series: '_bucket' | '_count', filter = ''): string {
    const { latency, latencyFilter } = this.context.server.metrics;
    return this.select(`${latency}${series}`, joinFilters(latencyFilter, filter));
  }

  /** Accepted and unanswered items of all pods, or of each with `by (pod)`. */
  load(grouping = ''): string {
    const by = grouping === '' ? '' : ` by (${grouping})`;
    return this.context.server.metrics.load.map((gauge) => `sum${by} (${this.select(gauge)})`).join(' + ');
  }
}

/** Label matchers together; those that are empty are left out. */
export function joinFilters(...filters: string[]): string {
  return filters.filter((filter) => filter !== '').join(',');
}

/** Prometheus 3 writes whole bounds as `1.0`, older ones as the server does. */
function bucketFilter(seconds: number): string {
  return Number.isInteger(seconds) ? `le=~"${seconds}(\\\\.0)?"` : `le="${seconds}"`;
}
