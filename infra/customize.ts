import { types } from 'node:util';
import { ApiObject, Chart, type ApiObjectProps } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigError } from './config/check.ts';
import { shown } from './config/sentences.ts';

interface NamedObject extends ApiObjectProps {
  readonly metadata: { readonly name: string };
}

/**
 * A chart after all its constructs are built. Each object is a plain `ApiObject`, so that a patch may set fields that
 * cdk8s' own classes do not know and would drop.
 */
export class FinishedChart extends Chart {
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

/** The finished charts of a deployment: that of what is shared, and those of the workloads. */
export type FinishedCharts = readonly [base: FinishedChart, ...workloads: FinishedChart[]];

/**
 * Adds charts as finished ones, and calls the functions of `customize` on them.
 *
 * @param base the chart that the others depend on
 * @throws {ConfigError} if `customize` has something else than functions by the names of charts
 */
export function addFinished(
  scope: Construct,
  base: Chart,
  workloads: readonly Chart[],
  customize: Customize,
): FinishedCharts {
  const ids = [base, ...workloads].map(({ node }) => node.id);
  const mistakes = [...customizeMistakes(customize, ids), ...takenIds(scope, ids)];
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const [first, ...others] = [
    new FinishedChart(scope, base),
    ...workloads.map((chart) => new FinishedChart(scope, chart)),
  ] as const;
  for (const chart of others) chart.addDependency(first);
  for (const chart of [first, ...others]) {
    const { id } = chart.node;
    const result: unknown = customize[id]?.(chart);
    if (types.isPromise(result))
      throw new ConfigError([
        `customize.${id} returns a promise, which nothing waits for; make it a function without async.`,
      ]);
  }
  return [first, ...others];
}

/** @param customize may be anything in a program in JavaScript, or in an environment's file, which is not type-checked */
function customizeMistakes(customize: unknown, ids: readonly string[]): string[] {
  if (typeof customize !== 'object' || customize === null)
    return [
      `customize is ${shown(customize)}; it must be an object of functions by the names of charts: ${ids.join(', ')}.`,
    ];
  return Object.entries(customize).flatMap(([name, change]: [string, unknown]) => {
    if (!ids.includes(name)) return `customize.${name} is the name of no chart; it must be one of ${ids.join(', ')}.`;
    return typeof change === 'function'
      ? []
      : `customize.${name} is ${shown(change)}; it must be a function over the chart.`;
  });
}

/** Constructs of one scope have different names, and those of the charts of a deployment are given. */
function takenIds({ node }: Construct, ids: readonly string[]): string[] {
  const taken = ids.filter((id) => node.tryFindChild(id) !== undefined);
  return taken.length === 0
    ? []
    : [
        `The scope has ${taken.join(', ')} already, as after another deployment; give each a scope of its own, such as new Construct(app, 'staging').`,
      ];
}
