import { Yaml } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { SHARED_LABELS } from '../workload/names.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { joinFilters } from '../monitoring/queries.ts';

/** Names under which the adapter offers a workload's signals to the autoscaler. */
export function signalNames({ workload }: WorkloadContext) {
  const prefix = workload.name.replaceAll('-', '_');
  return { load: `${prefix}_load_items`, requests: `${prefix}_requests_per_second` };
}

/** Window of the request rate: four readings at the usual interval, so that one lost does not show. */
const RATE_WINDOW = '2m';

/** One rule of the adapter, as its documentation names the fields. */
interface AdapterRule {
  readonly seriesQuery: string;
  readonly resources: { readonly overrides: Record<string, { readonly resource: string }> };
  readonly name: { readonly as: string };
  readonly metricsQuery: string;
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
 * The adapter's rules for a workload: items a pod has accepted and not answered, and requests a second. A pod that has
 * had no request has no counter of them; it counts as 0, as the autoscaler holds still while it misses a pod.
 */
export function adapterRules(context: WorkloadContext): AdapterRule[] {
  const { metrics } = context.server;
  const names = signalNames(context);
  const sum = (inner: string) => `sum by (<<.GroupBy>>) (${inner})`;
  const load = metrics.load.map((gauge) => sum(`${gauge}{<<.LabelMatchers>>}`));
  const filters = joinFilters('<<.LabelMatchers>>', metrics.requestFilter);
  const rate = sum(`rate(${metrics.requests}{${filters}}[${RATE_WINDOW}])`);
  const idle = sum(`0 * ${metrics.always}{<<.LabelMatchers>>}`);
  return [
    ...(load.length > 0 ? [rule(names.load, metrics.always, load.join(' + '))] : []),
    rule(names.requests, metrics.always, `${rate} or ${idle}`),
  ];
}

/**
 * The rules of all workloads as a ConfigMap, in the form that prometheus-adapter's chart takes (`rules.existing`).
 * The adapter reads one file, so they are together.
 */
export class AdapterRules extends Construct {
  readonly configMap: k8s.KubeConfigMap;

  constructor(scope: Construct, id: string, namespace: string, contexts: readonly WorkloadContext[]) {
    super(scope, id);
    this.configMap = new k8s.KubeConfigMap(this, 'config-map', {
      metadata: { name: `${namespace}-adapter-rules`, namespace, labels: { ...SHARED_LABELS } },
      data: { 'config.yaml': Yaml.stringify({ rules: contexts.flatMap(adapterRules) }) },
    });
  }
}
