import { readFileSync } from 'node:fs';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IPodSpec } from 'kubernetes-models/v1';
import type { Json, Labels, Manifest } from './manifest.ts';

/** Schemas of KServe 0.20.0's definitions, by apiVersion and kind; see schemas/extract-kserve-schemas.ts. */
export const KSERVE_SCHEMAS = JSON.parse(
  readFileSync(new URL('../fixtures/kserve/0.20.0.json', import.meta.url), 'utf8'),
) as Record<string, { readonly properties: Record<string, Json> }>;

interface Predictor extends IPodSpec {
  readonly name?: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly minReplicas: number;
  readonly deploymentStrategy?: NonNullable<IDeployment['spec']>['strategy'];
  readonly model: { readonly runtime: string; readonly storage: object };
}

/** The spec of an InferenceService. */
interface InferenceServiceSpec {
  readonly predictor: Predictor;
  readonly canary?: readonly { readonly trafficPercent: number; readonly predictor: Predictor }[];
}

/** The spec of an InferenceService's manifest. */
export function inferenceServiceSpec({ spec }: Manifest): InferenceServiceSpec {
  return spec as InferenceServiceSpec;
}

/** Fields of a predictor that are not fields of a pod. */
const OF_PREDICTOR = ['name', 'labels', 'annotations', 'minReplicas', 'deploymentStrategy', 'model', 'timeout'];

const AUTOSCALER_CLASS = 'serving.kserve.io/autoscalerClass';

/**
 * The Deployments that KServe 0.20 writes for the InferenceServices among the manifests, without server defaults: after
 * `buildPredictorResources`, `buildCanaryPredictor` and `createRawDefaultDeployment`.
 */
export function kserveDeployments(manifests: readonly Manifest[]): IDeployment[] {
  return manifests
    .filter(({ kind }) => kind === 'InferenceService')
    .flatMap((service) => {
      const { predictor, canary = [] } = inferenceServiceSpec(service);
      const canaries = canary.map((entry) => mergedOver(predictor, entry.predictor));
      const canaryPods = canaries.reduce((sum, { minReplicas }) => sum + minReplicas, 0);
      const stable = { ...predictor, minReplicas: Math.max(1, predictor.minReplicas - canaryPods) };
      return [
        deploymentOf(service, stable, manifests),
        // The strategy of the stable version is not passed on.
        ...canaries.map((each) => deploymentOf(service, without(each, ['deploymentStrategy']), manifests)),
      ];
    });
}

/** A canary has the fields of the stable version unless its own are set, and not empty. */
function mergedOver(stable: Predictor, canary: Predictor): Predictor {
  const isSet = (value: unknown) => !(Array.isArray(value) && value.length === 0);
  return {
    ...stable,
    ...Object.fromEntries(Object.entries(canary).filter(([, value]) => isSet(value))),
    labels: { ...stable.labels, ...canary.labels },
    annotations: { ...stable.annotations, ...canary.annotations },
  };
}

function without<Value extends object>(value: Value, fields: readonly string[]): Value {
  return Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field))) as Value;
}

function deploymentOf({ metadata }: Manifest, predictor: Predictor, manifests: readonly Manifest[]): IDeployment {
  const runtime = manifests.find(
    ({ kind, metadata: { name } }) => kind === 'ServingRuntime' && name === predictor.model.runtime,
  );
  if (runtime === undefined) throw new Error(`there is no ServingRuntime ${predictor.model.runtime}`);
  const ofRuntime = without(runtime['spec'] as object, ['supportedModelFormats', 'protocolVersions']);
  const ofPod = without(predictor, OF_PREDICTOR);
  const name = [metadata.name, ...(predictor.name === undefined ? [] : [predictor.name]), 'predictor'].join('-');
  const selector = { app: `isvc.${name}` };
  const annotations: Labels = { ...metadata.annotations, ...predictor.annotations };
  const labels = {
    ...metadata.labels,
    ...predictor.labels,
    'serving.kserve.io/inferenceservice': metadata.name,
    component: 'predictor',
    ...selector,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), labels },
    spec: {
      ...(annotations[AUTOSCALER_CLASS] === 'none' ? { replicas: predictor.minReplicas } : {}),
      ...(predictor.deploymentStrategy === undefined ? {} : { strategy: predictor.deploymentStrategy }),
      selector: { matchLabels: selector },
      template: { metadata: { annotations, labels }, spec: { ...ofPod, ...ofRuntime } },
    },
  };
}
