/**
 * Extracts what the tests need of Kubernetes' published JSON schemas (Apache-2.0): the kinds that the deployment
 * emits and what they refer to, without descriptions.
 *
 *   node bin/run.js test/infra/schemas/extract-schemas.ts 1.37 <folder of the strict schemas of that version>
 *
 * The folder holds `_definitions.json`, as the Python package `kubernetes-validate` ships it for every version in
 * `kubernetes-json-schema/v<version>-local-strict`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const KINDS = [
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'io.k8s.api.batch.v1.Job',
  'io.k8s.api.core.v1.ConfigMap',
  'io.k8s.api.core.v1.Namespace',
  'io.k8s.api.core.v1.PersistentVolumeClaim',
  'io.k8s.api.core.v1.Service',
  'io.k8s.api.core.v1.ServiceAccount',
  'io.k8s.api.networking.v1.Ingress',
  'io.k8s.api.networking.v1.NetworkPolicy',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
  'io.k8s.api.resource.v1.ResourceClaimTemplate',
  'io.k8s.api.scheduling.v1.PriorityClass',
];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Without prose and vendor extensions; `properties` may have a field of any name, so it is left alone. */
function bare(value: Json, inProperties = false): Json {
  if (Array.isArray(value)) return value.map((item) => bare(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => inProperties || (key !== 'description' && !key.startsWith('x-')))
      .map(([key, entry]) => [key, bare(entry, !inProperties && key === 'properties')]),
  );
}

function referred(value: Json): string[] {
  return [...JSON.stringify(value).matchAll(/#\/\$defs\/([\w.-]+)"/g)].map((match) => match[1] ?? '');
}

const [version, folder] = process.argv.slice(2);
if (version === undefined || folder === undefined) throw new Error('usage: extract-schemas.ts <version> <folder>');

const source = JSON.parse(
  (await readFile(path.join(folder, '_definitions.json'), 'utf8')).replaceAll('_definitions.json#', '#'),
) as { $defs: Record<string, Json> };

const wanted = new Set<string>();
const pending = KINDS.filter((kind) => kind in source.$defs);
for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
  if (wanted.has(name)) continue;
  wanted.add(name);
  pending.push(...referred(source.$defs[name] ?? null));
}
const definitions = Object.fromEntries([...wanted].sort().map((name) => [name, bare(source.$defs[name] ?? null)]));
const target = new URL(`../../fixtures/kubernetes/${version}.json`, import.meta.url);
await writeFile(target, `${JSON.stringify({ $defs: definitions })}\n`);
