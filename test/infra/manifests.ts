import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { deploymentApp } from '../../infra/app.ts';
import type { DeploymentConfig } from '../../infra/config.ts';
import { kserveDeployments } from './kserve.ts';
import type { Labels, Manifest } from './manifest.ts';

export type { Json, Labels, Manifest } from './manifest.ts';

/** The YAML of a deployment, all files in order. */
export function yamlOf(config: DeploymentConfig): string {
  return deploymentApp(config).synthYaml();
}

/** Every manifest of a deployment. */
export function manifestsOf(config: DeploymentConfig): Manifest[] {
  return parseAllDocuments(yamlOf(config), { version: '1.1' }).map((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'));
    return document.toJS() as Manifest;
  });
}

/** The manifests of one kind. */
export function ofKind(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

/** The one manifest of that kind and name. */
export function only(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = ofKind(manifests, kind).filter(({ metadata }) => name === undefined || metadata.name === name);
  const [manifest] = found;
  if (manifest === undefined || found.length !== 1)
    throw new Error(`there are ${found.length} manifests of kind ${kind} ${name ?? ''}, not one`);
  return manifest;
}

/**
 * The Deployments of a deployment: of every workload the stable one, and the canary's where there is one, be they
 * manifests or written by KServe.
 */
export function deployments(manifests: readonly Manifest[]): IDeployment[] {
  return [...(ofKind(manifests, 'Deployment') as unknown as IDeployment[]), ...kserveDeployments(manifests)];
}

/** Whether a selector picks what carries these labels. */
export function picks(selector: Labels, labels: Labels = {}): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** The labels of the pods of each Deployment. */
export function podLabelSets(manifests: readonly Manifest[]): Labels[] {
  return deployments(manifests).map((one) => one.spec?.template.metadata?.labels ?? {});
}

/** The pod template of a Deployment. */
export function podOf(deployment: IDeployment): IPodSpec {
  return deployment.spec?.template.spec ?? fail('the Deployment has no pod');
}

/** The server's container. */
export function serverOf(deployment: IDeployment): IContainer {
  return podOf(deployment).containers[0] ?? fail('the pod has no container');
}

function fail(message: string): never {
  throw new Error(message);
}
