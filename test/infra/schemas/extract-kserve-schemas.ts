/**
 * Writes test/fixtures/kserve/VERSION.json: the schemas of KServe's definitions (Apache-2.0), without prose and without
 * the servers and features that this deployment never uses. The files are in config/crd/full of KServe's repository:
 *
 *     node bin/run.js test/infra/schemas/extract-kserve-schemas.ts VERSION serving.kserve.io_{inferenceservices,servingruntimes}.yaml
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Json } from '../manifest.ts';

/** Properties that are left out: the tests then refuse them as unknown. */
const LEFT_OUT = new Set([
  ...['sklearn', 'xgboost', 'tensorflow', 'pytorch', 'triton', 'onnx', 'huggingface', 'pmml', 'lightgbm', 'paddle'],
  ...['transformer', 'explainer', 'workerSpec', 'batcher', 'logger', 'storageUris', 'builtInAdapter', 'status'],
  ...['affinity', 'dnsConfig', 'ephemeralContainers', 'autoScaling'],
]);

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Json } }[];
  };
}

function trimmed(value: Json): Json {
  if (Array.isArray(value)) return value.map(trimmed);
  if (typeof value !== 'object' || value === null) return value;
  const isKept = (key: string) => !LEFT_OUT.has(key) && key !== 'description' && !key.startsWith('x-');
  const entries = Object.entries(value).filter(([key]) => isKept(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, trimmed(inner)]));
}

const [version = '', ...files] = process.argv.slice(2);
const schemas = files.flatMap((file) => {
  const { spec } = parse(readFileSync(file, 'utf8')) as Definition;
  return spec.versions.map(({ name, schema }) => [
    `${spec.group}/${name} ${spec.names.kind}`,
    trimmed(schema.openAPIV3Schema),
  ]);
});
const target = new URL(`../../fixtures/kserve/${version}.json`, import.meta.url);
writeFileSync(target, `${JSON.stringify(Object.fromEntries(schemas))}\n`);
