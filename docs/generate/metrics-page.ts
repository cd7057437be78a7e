import { METRICS, REQUEST_OUTCOMES } from '../../service/contract.ts';
import type { EnginePool } from '../../service/engine/process/pool.ts';
import { Admission } from '../../service/inference/admission.ts';
import type { OpenModel } from '../../service/inference/open-model.ts';
import { Metrics } from '../../service/observability/metrics.ts';
import { RequestRecord } from '../../service/observability/request-record.ts';
import { code, escaped, heading, type Page } from './page.ts';

/** A metric as its exposition describes it. */
interface Description {
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
  /** All values of labels, where they are known. */
  readonly values: readonly (readonly [label: string, values: readonly string[]])[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets: readonly string[];
}

/** Where a metric's labels are found out. */
const EXPOSED_IN = 'exposeEverything of docs/generate/metrics-page.ts';

/** A metric that the page cannot describe yet. */
export class MissingMetric extends Error {
  override readonly name = 'MissingMetric';
}

/** Labels of which `exposeEverything` has a series for each value. */
const COMPLETE: ReadonlySet<string> = new Set(['reason', 'cache', 'result']);

/** All values of a label; undefined where only its help text has them. */
function allValues(label: string, found: ReadonlySet<string>): readonly string[] | undefined {
  if (label === 'outcome') return REQUEST_OUTCOMES;
  return COMPLETE.has(label) ? [...found] : undefined;
}

/** Every metric, as the service exposes it. */
export async function metricsPage(): Promise<Page> {
  const exposition = await exposeEverything();
  const sections = Object.values(METRICS).map((name) => {
    const { help, type, labels, values, buckets } = describe(exposition, name);
    const facts = [
      `- Type: ${type}`,
      `- Labels: ${labels.length === 0 ? 'none' : labels.map(code).join(', ')}`,
      ...values.map(([label, all]) => `- Values of ${code(label)}: ${all.map(code).join(', ')}`),
      ...(buckets.length === 0 ? [] : [`- Buckets: ${buckets.join(', ')}`]),
    ];
    return `## ${name}\n\n${escaped(help)}\n\n${facts.join('\n')}\n`;
  });
  const intro = `Prometheus reads them from \`/metrics\` on the admin port. Every label takes its values from a closed set, never from a
request. The alerts and the dashboard of the deployment are built on these metrics.
`;
  return {
    path: 'docs/reference/metrics.md',
    text: [heading('Metrics', 'the metrics that service/observability/ registers'), intro, ...sections].join('\n'),
  };
}

/** What `/metrics` answers once each metric has at least one series. */
async function exposeEverything(): Promise<string> {
  const metrics = new Metrics();
  try {
    // Parts of the service with the fields alone that the metrics read.
    const pool = { engines: [] };
    const model = { batcher: { inFlight: 0 }, modelPackage: { manifest: { answers: ['yes'] } } };
    metrics.watchEngines(pool as unknown as EnginePool);
    metrics.watchQueue(new Admission(1), model as unknown as OpenModel);
    metrics.watchUploads({ arriving: 0 });
    metrics.watchPixelMemory(() => ({ usedBytes: 0, limitBytes: 0 }));
    for (const cache of ['answers', 'features'] as const) metrics.lookups(cache, 0, 0);
    const record = new RequestRecord();
    record.attributes['api_key'] = '';
    metrics.request({
      method: 'POST',
      route: '/predict',
      status: 200,
      requestId: '',
      record,
      problem: undefined,
    });
    metrics.gpu({ gpu: '0', memoryBytes: 0, utilization: 0 });
    return await metrics.text();
  } finally {
    metrics.close();
  }
}

function describe(exposition: string, name: string): Description {
  const find = (keyword: string): string => {
    const [, found] = new RegExp(`^# ${keyword} ${name} (.*)$`, 'm').exec(exposition) ?? [];
    if (found === undefined) {
      throw new MissingMetric(
        `${name} of service/contract.ts is not registered: give it its help text in service/observability/metrics.ts. If a method such as watchQueue does that there, call it in ${EXPOSED_IN}, too.`,
      );
    }
    return found;
  };
  const [help, type] = [find('HELP'), find('TYPE')];
  const series = exposition.split('\n').filter((line) => new RegExp(`^${name}(_bucket)?[{ ]`).test(line));
  // Without a series, its labels would not be known.
  if (series.length === 0) {
    throw new MissingMetric(`${name} has no series before the first request: make one in ${EXPOSED_IN}.`);
  }
  const values = new Map<string, Set<string>>();
  for (const [, label = '', value = ''] of series.flatMap((line) => [...line.matchAll(/(\w+)="([^"]*)"/g)])) {
    values.set(label, (values.get(label) ?? new Set()).add(value));
  }
  const buckets = values.get('le') ?? new Set();
  values.delete('le');
  buckets.delete('+Inf');
  return {
    help,
    type,
    labels: [...values.keys()],
    values: [...values].flatMap(([label, found]) => {
      const all = allValues(label, found);
      return all === undefined ? [] : [[label, all] as const];
    }),
    buckets: [...buckets],
  };
}
