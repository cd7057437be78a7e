import type { WorkloadContext } from '../workload/context.ts';
import { joinMatchers, scalingWindow } from './queries.ts';

/** A rule of prometheus-adapter, with the fields of its documentation. */
export interface AdapterRule {
  readonly seriesQuery: string;
  readonly resources: { readonly overrides: Record<string, { readonly resource: string }> };
  readonly name: { readonly as: string };
  readonly metricsQuery: string;
}

/** Names under which the adapter offers a workload's signals to the autoscaler. */
export function signalNames({ workload }: WorkloadContext) {
  const prefix = workload.name.replaceAll('-', '_');
  return { load: `${prefix}_load_items`, requests: `${prefix}_requests_per_second` };
}

function rule(name: string, series: string, metricsQuery: string): AdapterRule {
  return {
    seriesQuery: `${series}{namespace!="",pod!=""}`,
    resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } },
    name: { as: name },
    metricsQuery,
  };
}

/**
 * The adapter's rules for a workload: accepted and unanswered items per pod, and requests per second. The autoscaler
 * does not act while a pod has no value, so a pod without requests, which has no counter of them yet, counts as 0.
 */
export function adapterRules(context: WorkloadContext): AdapterRule[] {
  const { metrics } = context.server;
  const names = signalNames(context);
  const sum = (inner: string) => `sum by (<<.GroupBy>>) (${inner})`;
  const load = metrics.load.map((gauge) => sum(`${gauge}{<<.LabelMatchers>>}`));
  const matchers = joinMatchers('<<.LabelMatchers>>', metrics.requestFilter, metrics.owedFilter);
  const rate = sum(`rate(${metrics.requests}{${matchers}}[${scalingWindow(context)}])`);
  const idle = sum(`0 * ${metrics.always}{<<.LabelMatchers>>}`);
  return [
    ...(load.length > 0 ? [rule(names.load, metrics.always, load.join(' + '))] : []),
    rule(names.requests, metrics.always, `${rate} or ${idle}`),
  ];
}
