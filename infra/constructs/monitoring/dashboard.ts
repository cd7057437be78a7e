import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { panelDrafts, type PanelDraft } from '../../monitoring/dashboard-panels.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { objectMeta } from '../../workload/names.ts';

/** Grafana's grid is 24 columns wide. */
const PANEL = { width: 12, height: 8, perRow: 2 } as const;

/** The Prometheus that the viewer selects at the top of the dashboard. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Flux's `postBuild` would take Grafana's variables for its own, and replace unknown ones by nothing. */
const NO_SUBSTITUTION = { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' };

function panel(draft: PanelDraft, index: number, scrapeSeconds: number) {
  return {
    id: index + 1,
    type: 'timeseries',
    title: draft.title,
    description: draft.description,
    datasource: DATASOURCE,
    gridPos: {
      x: (index % PANEL.perRow) * PANEL.width,
      y: Math.floor(index / PANEL.perRow) * PANEL.height,
      w: PANEL.width,
      h: PANEL.height,
    },
    fieldConfig: { defaults: { unit: draft.unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: draft.queries.map(({ expr, legend }, position) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + position),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      // Without it, Grafana assumes the interval of its data source, and rates over fewer than two scrapes are empty.
      interval: `${scrapeSeconds}s`,
    })),
  };
}

/** The dashboard in Grafana's JSON model. Its address depends on namespace and name alone. */
export function dashboardModel(context: WorkloadContext) {
  const { workload, namespace } = context;
  return {
    uid: createHash('sha256').update(`${namespace}/${workload.name}`).digest('hex').slice(0, 16),
    title: `${workload.name} (${namespace})`,
    tags: ['ofa-ve'],
    schemaVersion: 39,
    editable: false,
    timezone: 'browser',
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    templating: {
      list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', hide: 0 }],
    },
    panels: panelDrafts(context).map((draft, index) =>
      panel(draft, index, workload.observability.scrapeIntervalSeconds),
    ),
  };
}

/**
 * The workload's dashboard as a ConfigMap, which Grafana's sidecar finds by its label. The sidecar writes the ConfigMaps
 * of all namespaces into one folder, each under its key: one key in two namespaces would be one dashboard.
 */
export class Dashboard extends k8s.KubeConfigMap {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    const { namespace, workload } = context;
    const { name, observability } = workload;
    super(scope, id, {
      metadata: {
        ...objectMeta(context, `${name}-dashboard`, observability.dashboard.labels),
        annotations: NO_SUBSTITUTION,
      },
      data: { [`${namespace}.${name}.json`]: `${JSON.stringify(dashboardModel(context), null, 2)}\n` },
    });
  }
}
