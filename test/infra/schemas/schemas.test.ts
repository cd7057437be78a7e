import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { KUBERNETES_VERSIONS, type KubernetesVersion } from '../../../infra/config/fields.ts';
import { extend } from '../../../infra/config.ts';
import { KSERVE_SCHEMAS, kserveDeployments } from '../kserve.ts';
import { manifestsOf, only, type Json, type Manifest } from '../manifests.ts';
import { scenarios } from '../scenarios.ts';

const SCHEMA_VERSIONS = ['1.27', '1.30', '1.37'] as const satisfies readonly KubernetesVersion[];

/** Group and kind of built-in objects, as the schema's definitions are called. */
function definitionOf({ apiVersion, kind }: Manifest): string {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return `io.k8s.api.${group.split('.')[0] ?? ''}.${version ?? ''}.${kind}`;
}

/** Custom resources and the packages with the models that were generated from their projects' own schemas. */
const MODEL_PACKAGES: Record<string, string> = {
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'networking.istio.io': '@kubernetes-models/istio',
};

/** Group of KServe, for which there are no such models. */
const KSERVE = 'serving.kserve.io';

/** Kinds whose models, the newest that support Node 20, know an older version with the same fields only. */
const MODEL_VERSIONS: Record<string, string> = { GRPCRoute: 'v1alpha2' };

function groupOf({ apiVersion }: Manifest): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

function isBuiltIn(manifest: Manifest): boolean {
  return !(groupOf(manifest) in MODEL_PACKAGES) && groupOf(manifest) !== KSERVE;
}

const kubernetes = new Map(
  SCHEMA_VERSIONS.map((version) => {
    const file = new URL(`../../fixtures/kubernetes/${version}.json`, import.meta.url);
    const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
    ajv.addSchema(JSON.parse(readFileSync(file, 'utf8')) as object, 'k8s');
    return [version, ajv];
  }),
);

function builtInProblems(manifest: Manifest, version: (typeof SCHEMA_VERSIONS)[number]): string[] {
  const definition = definitionOf(manifest);
  const validate = kubernetes.get(version)?.getSchema(`k8s#/$defs/${definition}`);
  if (validate === undefined) return [`${definition} does not exist in Kubernetes ${version}`];
  return problems(manifest, validate);
}

function problems(manifest: Manifest, validate: ValidateFunction): string[] {
  const { kind, metadata } = manifest;
  if (validate(manifest)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${kind} ${metadata.name}${instancePath}: ${message ?? ''} ${JSON.stringify(params)}`,
  );
}

/** A schema that refuses fields it does not name. */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)]);
  const copy = Object.fromEntries(entries) as Record<string, Json>;
  return 'properties' in copy && copy['type'] === 'object' ? { ...copy, additionalProperties: false } : copy;
}

/** A validator of objects with a spec by the schemas of their properties. */
function crdValidator(properties: Record<string, Json>): ValidateFunction {
  const whole = {
    type: 'object',
    required: ['spec'],
    properties: { ...properties, apiVersion: {}, kind: {}, metadata: {} },
  };
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
  return ajv.compile(closed(whole) as object);
}

const validators = await crdValidators();

/** Validators of the hand-written CRDs, and of KServe's own, by apiVersion and kind. */
async function crdValidators(): Promise<Map<string, ValidateFunction>> {
  const folder = new URL('../../../infra/crds/', import.meta.url);
  const validators = new Map(
    Object.entries(KSERVE_SCHEMAS).map(([key, { properties }]) => [key, crdValidator(properties)]),
  );
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml'))) {
    for (const document of parseAllDocuments(await readFile(new URL(file, folder), 'utf8'))) {
      const { spec } = document.toJS() as {
        spec: {
          group: string;
          names: { kind: string };
          versions: { name: string; schema: { openAPIV3Schema: { properties: Record<string, Json> } } }[];
        };
      };
      for (const { name, schema } of spec.versions) {
        const { properties } = schema.openAPIV3Schema;
        validators.set(`${spec.group}/${name} ${spec.names.kind}`, crdValidator(properties));
      }
    }
  }
  return validators;
}

/** What the generated models say of types and required fields. */
async function modelProblems(manifest: Manifest): Promise<string[]> {
  const group = groupOf(manifest);
  const base = MODEL_PACKAGES[group] ?? 'kubernetes-models';
  const version = MODEL_VERSIONS[manifest.kind] ?? manifest.apiVersion.split('/').at(-1);
  const folder = [base, group, version].filter((part) => part !== '').join('/');
  const models = (await import(folder)) as Record<string, new (data: object) => { validate(): void }>;
  const Model = models[manifest.kind];
  if (Model === undefined) return [`${folder} has no ${manifest.kind}`];
  try {
    new Model({ ...manifest, apiVersion: [group, version].filter((part) => part !== '').join('/') }).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata.name}: ${String(error)}`];
  }
}

function nulls(value: unknown, path = ''): string[] {
  if (value === null) return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => nulls(inner, `${path}/${key}`));
}

describe.each(Object.entries(scenarios))('%s', (_name, config) => {
  const manifests = manifestsOf(config);

  it.each(SCHEMA_VERSIONS.filter((version) => isNewer(version, config.kubernetesVersion)))(
    'fits the strict schema of Kubernetes %s',
    (version) => {
      const builtIn = [...manifests.filter(isBuiltIn), ...(kserveDeployments(manifests) as unknown as Manifest[])];
      expect(builtIn.length).toBeGreaterThan(0);
      expect(builtIn.flatMap((manifest) => builtInProblems(manifest, version))).toEqual([]);
    },
  );

  it('fits the models of Kubernetes and of the custom resources', async () => {
    // The newest models that support Node 20 are older than the first stable ResourceClaimTemplate.
    const known = manifests.filter(
      (manifest) => manifest.kind !== 'ResourceClaimTemplate' && groupOf(manifest) !== KSERVE,
    );
    expect((await Promise.all(known.map(modelProblems))).flat()).toEqual([]);
  });

  it('has only fields in custom resources that their definitions declare', () => {
    const found = manifests
      .filter((manifest) => !isBuiltIn(manifest))
      .flatMap((manifest) => {
        const validate = validators.get(`${manifest.apiVersion} ${manifest.kind}`);
        return validate === undefined ? [`no definition of ${manifest.kind}`] : problems(manifest, validate);
      });
    expect(found).toEqual([]);
  });

  it('has no empty value, which a serializer leaves when it drops unknown fields', () => {
    expect(manifests.flatMap((manifest) => nulls(manifest, manifest.kind))).toEqual([]);
  });
});

function isNewer(version: KubernetesVersion, than: KubernetesVersion): boolean {
  return KUBERNETES_VERSIONS.indexOf(version) >= KUBERNETES_VERSIONS.indexOf(than);
}

describe.each(KUBERNETES_VERSIONS)('the default deployment for Kubernetes %s', (kubernetesVersion) => {
  it('fits the schema of that version and of newer ones', () => {
    const manifests = manifestsOf(extend(scenarios.default, { kubernetesVersion }));
    const versions = SCHEMA_VERSIONS.filter((version) => isNewer(version, kubernetesVersion));
    expect(versions.flatMap((version) => manifests.flatMap((one) => builtInProblems(one, version)))).toEqual([]);
  });
});

describe('the schema check itself', () => {
  const manifests = manifestsOf(scenarios.production);
  const deployment = only(manifests, 'Deployment');

  it('notices a field that does not exist', () => {
    const wrong = { ...deployment, sepc: {} };
    expect(builtInProblems(wrong, '1.37').join()).toContain('must NOT have additional properties');
  });

  it('notices a value of the wrong type', () => {
    const wrong = { ...deployment, spec: { replicas: 'two' } };
    expect(builtInProblems(wrong, '1.27').join()).toContain('/spec/replicas');
  });

  it('notices a field of an InferenceService that KServe does not know', () => {
    const service = only(manifestsOf(scenarios.kserve), 'InferenceService');
    const { predictor } = service['spec'] as { predictor: object };
    const validate = validators.get(`${service.apiVersion} ${service.kind}`) ?? expect.fail();
    const wrong = { ...service, spec: { predictor: { ...predictor, trafficPercent: 10, minReplicas: '2' } } };
    expect(problems(wrong, validate).join()).toMatch(/trafficPercent.*minReplicas|minReplicas.*trafficPercent/s);
  });

  it('notices a wrong custom resource by its model and by its definition', async () => {
    const monitor = only(manifests, 'PodMonitor');
    const wrong = { ...monitor, spec: { selector: {}, podMetricsEndpoints: 'all' } };
    expect((await modelProblems(wrong)).join()).toContain('podMetricsEndpoints');
    const validate = validators.get(`${wrong.apiVersion} ${wrong.kind}`) ?? expect.fail();
    expect(problems({ ...monitor, spec: { ...(monitor['spec'] as object), port: 1 } }, validate)).toHaveLength(1);
  });
});
