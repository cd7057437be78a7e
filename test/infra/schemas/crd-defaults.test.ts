import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { expect, it } from 'vitest';
import { KSERVE_SCHEMAS } from '../kserve.ts';
import { manifestsOf, type Manifest } from '../manifests.ts';
import { scenarioNames, scenarios } from '../scenarios.ts';

interface Schema {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

const FOLDER = new URL('../../../infra/crds/', import.meta.url);

const schemas = new Map([
  ...Object.entries(KSERVE_SCHEMAS).map(([key, schema]) => [key.split('/')[1] ?? '', schema as Schema] as const),
  ...readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(new URL(file, FOLDER), 'utf8')))
    .map((document) => document.toJS() as Definition | null)
    .flatMap((definition) => (definition === null ? [] : [definition.spec]))
    .flatMap(({ names, versions }) =>
      versions.map(({ name, schema }) => [`${name} ${names.kind}`, schema.openAPIV3Schema] as const),
    ),
]);

/** Fields within lists that the API server would fill in: kubectl replaces a list as a whole if it differs. */
function missingDefaults(value: unknown, schema: Schema, path: string, inList: boolean): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((each) => missingDefaults(each, items, `${path}[]`, true));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, below]) => {
    const content = (value as Record<string, unknown>)[name];
    if (content === undefined) return inList && below.default !== undefined ? [`${path}.${name}`] : [];
    return missingDefaults(content, below, `${path}.${name}`, inList);
  });
}

function schemaOf({ apiVersion, kind }: Manifest): Schema | undefined {
  return schemas.get(`${apiVersion.split('/')[1] ?? ''} ${kind}`);
}

it.each(scenarioNames)('of %s, a second kubectl apply changes no custom resource', (name) => {
  const missing = manifestsOf(scenarios[name]).flatMap((manifest) => {
    const schema = schemaOf(manifest);
    return schema === undefined ? [] : missingDefaults(manifest, schema, manifest.kind, false);
  });
  expect(missing).toEqual([]);
});

it('knows the kinds that have defaults', () => {
  const kinds = new Set(scenarioNames.flatMap((name) => manifestsOf(scenarios[name])).flatMap(({ kind }) => kind));
  expect([...kinds].filter((kind) => [...schemas.keys()].some((key) => key.endsWith(` ${kind}`))).sort()).toEqual([
    'DestinationRule',
    'GRPCRoute',
    'HTTPRoute',
    'InferenceService',
    'PodMonitor',
    'PrometheusRule',
    'ScaledObject',
    'ServiceMonitor',
    'ServingRuntime',
    'VirtualService',
  ]);
});
