import { METRICS } from '../../service/contract.ts';
import type { WorkloadContext } from '../workload/context.ts';
import { queriesByTrack, WorkloadQueries } from './queries.ts';

/** One graph: what it shows, in Grafana's unit, and its queries with their legends. */
export interface PanelDraft {
  readonly title: string;
  /** Shown by Grafana as the panel's help. */
  readonly description: string;
  readonly unit: 'reqps' | 'percentunit' | 's' | 'short' | 'bytes' | 'ops';
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

/** Window that Grafana chooses: at least four times a query's `interval`. */
const WINDOW = '$__rate_interval';

function commonPanels(context: WorkloadContext): PanelDraft[] {
  const queries = new WorkloadQueries(context);
  const { metrics, capacityItems } = context.server;
  return [
    {
      title: 'Requests',
      description: 'Requests for answers a second, and those of them that failed. Probes are left out.',
      unit: 'reqps',
      queries: [
        { expr: queries.requestRate(WINDOW), legend: 'all' },
        { expr: `${queries.owedRate(WINDOW, 'failed')} or vector(0)`, legend: 'failed' },
      ],
    },
    {
      title: 'Failed share',
      description:
        'Share of failed requests, without those that their clients have spoilt: what the availability objective counts.',
      unit: 'percentunit',
      queries: [{ expr: queries.errorRatio(WINDOW), legend: 'failed' }],
    },
    {
      title: 'Latency',
      description: 'Time from a request to its answer; what was refused or failed is left out.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((quantile) => ({
        expr: queries.latencyQuantile(quantile, WINDOW),
        legend: `p${quantile * 100}`,
      })),
    },
    ...(metrics.load.length > 0
      ? [
          {
            title: 'Accepted and unanswered items',
            description: `What scaling goes by. A pod takes ${capacityItems} at most.`,
            unit: 'short' as const,
            queries: [{ expr: queries.load('pod'), legend: '{{pod}}' }],
          },
        ]
      : []),
  ];
}

function timingPanels(context: WorkloadContext): PanelDraft[] {
  const queries = new WorkloadQueries(context);
  const mean = (metric: string) =>
    `sum(rate(${queries.select(`${metric}_sum`)}[${WINDOW}])) / sum(rate(${queries.select(`${metric}_count`)}[${WINDOW}]))`;
  const stages = {
    body: METRICS.bodyRead,
    queue: METRICS.queueWait,
    pixels: METRICS.preprocess,
    tokens: METRICS.tokenize,
    inference: METRICS.inference,
  };
  return [
    {
      title: 'Where the time goes',
      description: 'Mean time of each step of a request.',
      unit: 's',
      queries: Object.entries(stages).map(([legend, metric]) => ({ expr: mean(metric), legend })),
    },
    {
      title: 'Batch size',
      description: 'Mean items in a run of the engine: larger is cheaper an item.',
      unit: 'short',
      queries: [{ expr: mean(METRICS.batchSize), legend: 'items' }],
    },
    {
      title: 'Answered from memory',
      description: 'Share of items whose answer was known, and of pictures in a run whose features were.',
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (cache) (rate(${queries.select(METRICS.cacheLookups, 'result="hit"')}[${WINDOW}])) / sum by (cache) (rate(${queries.select(METRICS.cacheLookups)}[${WINDOW}]))`,
          legend: '{{cache}}',
        },
      ],
    },
    {
      title: 'Event loop delay',
      description: 'Delay of the process that answers, 99th percentile; above 0.1 s it is short of processor time.',
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.99, sum by (pod, le) (rate(${queries.select(`${METRICS.eventLoopDelay}_bucket`)}[${WINDOW}])))`,
          legend: '{{pod}}',
        },
      ],
    },
  ];
}

function enginePanels(context: WorkloadContext): PanelDraft[] {
  const queries = new WorkloadQueries(context);
  const rateBy = (label: string, metric: string) => ({
    expr: `sum by (${label}) (rate(${queries.select(metric)}[${WINDOW}]))`,
    legend: `{{${label}}}`,
  });
  return [
    {
      title: 'Requests by status class',
      description:
        'Requests a second by status class and outcome. Only "failed" and "overloaded" count against the availability objective.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (class, outcome) (label_replace(rate(${queries.select(METRICS.requests, context.server.metrics.requestFilter)}[${WINDOW}]), "class", "\${1}xx", "status", "(.).*"))`,
          legend: '{{class}} {{outcome}}',
        },
      ],
    },
    ...capacityPanels(queries),
    {
      title: 'Answers',
      description: 'Answers by label: a sudden shift points to other inputs or another model.',
      unit: 'ops',
      queries: [rateBy('label', METRICS.answers)],
    },
    {
      title: 'Refused',
      description: 'Requests refused or given up without an answer, by reason.',
      unit: 'reqps',
      queries: [rateBy('reason', METRICS.rejected)],
    },
    {
      title: 'Engine restarts',
      description: 'Replaced engine processes within an hour: all, and by pod and reason where there were some.',
      unit: 'short',
      queries: queriesByTrack(context).flatMap(([track, each]) => {
        const increase = `(increase(${each.select(METRICS.engineRestarts)}[1h]))`;
        return [
          { expr: `sum${increase}`, legend: track },
          { expr: `sum by (pod, reason) ${increase} > 0`, legend: '{{pod}} {{reason}}' },
        ];
      }),
    },
  ];
}

/** What an engine pod has for requests, and how much of it they take. */
function capacityPanels(queries: WorkloadQueries): PanelDraft[] {
  return [
    {
      title: 'Engines by state',
      description: 'Engines of all pods by state. Those that are neither ready nor starting need attention.',
      unit: 'short',
      queries: [{ expr: `sum by (state) (${queries.select(METRICS.engines)})`, legend: '{{state}}' }],
    },
    {
      title: 'Memory of decoding',
      description:
        'Memory that the pictures being decoded may take, and the limit of a pod. Pictures wait once it is reached.',
      unit: 'bytes',
      queries: [
        { expr: `sum by (pod) (${queries.select(METRICS.pixelMemory)})`, legend: '{{pod}}' },
        { expr: `min(${queries.select(METRICS.pixelMemoryLimit)})`, legend: 'limit' },
      ],
    },
    {
      title: 'Uploads in progress',
      description:
        'Requests whose body is still arriving. They take no place in the queue, and scaling ignores them: many at a low load come from slow clients.',
      unit: 'short',
      queries: [{ expr: `sum by (pod) (${queries.select(METRICS.uploads)})`, legend: '{{pod}}' }],
    },
  ];
}

function keyPanels(context: WorkloadContext): PanelDraft[] {
  const { server } = context.workload;
  if (server.kind !== 'ofa-ve' || server.apiKeys === undefined) return [];
  const queries = new WorkloadQueries(context);
  return [
    {
      title: 'Requests by API key',
      description:
        "Requests a second by the name of their API key and outcome. 'refused' includes what exceeds a key's rate or share.",
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (api_key, outcome) (rate(${queries.select(METRICS.keyRequests)}[${WINDOW}]))`,
          legend: '{{api_key}} {{outcome}}',
        },
      ],
    },
  ];
}

function gpuPanels(context: WorkloadContext): PanelDraft[] {
  const perGpu = (metric: string) =>
    queriesByTrack(context).map(([, queries]) => ({
      expr: `max by (pod, gpu) (${queries.select(metric)})`,
      legend: '{{pod}} {{gpu}}',
    }));
  return [
    {
      title: 'GPU memory',
      description: 'Memory in use of each GPU.',
      unit: 'bytes',
      queries: perGpu(METRICS.gpuMemory),
    },
    {
      title: 'GPU busy',
      description: 'Share of time in which a kernel ran: a duty cycle, no measure of how much of the GPU is used.',
      unit: 'percentunit',
      queries: perGpu(METRICS.gpuUtilization),
    },
  ];
}

/** Stable version and canary in one graph, while there is a canary. */
function canaryPanels(context: WorkloadContext): PanelDraft[] {
  if (!context.workload.canary.enabled) return [];
  const versions = queriesByTrack(context);
  return [
    {
      title: 'Canary: failed share',
      description: 'Share of failed requests of both versions.',
      unit: 'percentunit',
      queries: versions.map(([legend, queries]) => ({ expr: queries.errorRatio(WINDOW), legend })),
    },
    {
      title: 'Canary: latency',
      description: '95th percentile of the time from a request to its answer, of both versions.',
      unit: 's',
      queries: versions.map(([legend, queries]) => ({ expr: queries.latencyQuantile(0.95, WINDOW), legend })),
    },
  ];
}

/** The panels of a workload's dashboard, in reading order. Other servers get only those on metrics that all have. */
export function panelDrafts(context: WorkloadContext): PanelDraft[] {
  if (context.workload.server.kind !== 'ofa-ve') return [...commonPanels(context), ...canaryPanels(context)];
  return [
    ...commonPanels(context),
    ...canaryPanels(context),
    ...timingPanels(context),
    ...enginePanels(context),
    ...keyPanels(context),
    ...(context.workload.gpu.kind === 'none' ? [] : gpuPanels(context)),
  ];
}
