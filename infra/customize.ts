import { ApiObject, Chart, type ApiObjectProps, type App } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigError } from './config/check.ts';

interface NamedObject extends ApiObjectProps {
  readonly metadata: { readonly name: string };
}

/**
 * A chart after all its constructs are built. Each object is a plain `ApiObject`, so that a patch may set fields that
 * cdk8s' own classes do not know and would drop.
 */
class FinishedChart extends Chart {
  constructor(scope: Construct, source: Chart) {
    super(scope, source.node.id, { disableResourceNameHashes: true });
    for (const json of source.toJson() as NamedObject[])
      new ApiObject(this, `${json.kind}-${json.metadata.name}`, json);
  }

  /**
   * The object of a kind and name, to be patched: `chart.object('Service', 'ofa-ve').addJsonPatch(...)`.
   *
   * @throws {ConfigError} if the chart has no such object
   */
  object(kind: string, name: string): ApiObject {
    const found = this.apiObjects.find((each) => each.kind === kind && each.name === name);
    if (found !== undefined) return found;
    const known = this.apiObjects.map((each) => `${each.kind} ${each.name}`).join(', ');
    throw new ConfigError([`customize.${this.node.id} asks for ${kind} ${name}; the chart has ${known}.`]);
  }
}

/**
 * Functions over finished charts, for what the configuration has no field for, by the name of the chart: a workload's
 * name, or `base` for what the workloads share. A function may patch, add (`new ApiObject(chart, ...)`) and remove
 * (`chart.node.tryRemoveChild(object.node.id)`) objects; the result is checked like all objects.
 */
export type Customize = Readonly<Record<string, (chart: FinishedChart) => void>>;

/**
 * Adds charts to an app as finished ones, and calls the functions of `customize` on them.
 *
 * @param sources the chart that the others depend on, and the others
 * @returns the finished charts
 * @throws {ConfigError} if a function has the name of no chart
 */
export function addFinished(app: App, sources: readonly Chart[], customize: Customize): Chart[] {
  const charts = sources.map((chart) => new FinishedChart(app, chart));
  const [base, ...workloads] = charts;
  if (base !== undefined) for (const workload of workloads) workload.addDependency(base);
  const names = charts.map(({ node }) => node.id);
  const mistakes = Object.keys(customize)
    .filter((name) => !names.includes(name))
    .map((name) => `customize.${name} is the name of no chart; it must be one of ${names.join(', ')}.`);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  for (const chart of charts) customize[chart.node.id]?.(chart);
  return charts;
}
