import { isDeepStrictEqual } from 'node:util';
import { config, type DeploymentConfig } from '../../../infra/config.ts';
import { manifestsOf, type Manifest } from '../../infra/manifests.ts';
import { deepChange, mistakesOf } from '../../infra/mistakes.ts';
import { Discovery } from '../control-plane/discovery.ts';
import { EDGE_VALUES } from '../edge-values.ts';
import { attempt, type Cluster, type Result } from './check.ts';

/** Values at the edge of what the API server accepts: each is refused by synth, or accepted and kept by the server. */
export async function* checkEdgeValues(cluster: Cluster): AsyncGenerator<Result> {
  const base = deepChange(config, 'namespace.name', 'edge-values') as DeploymentConfig;
  const usual = manifestsOf(base);
  const { plane } = cluster;
  const discovery = new Discovery(plane.client);
  const namespaces = new Set<string>();
  for (const [path, values] of EDGE_VALUES) {
    yield await attempt(path, async () => {
      const problems = [];
      let refused = 0;
      for (const value of values) {
        const candidate = deepChange(base, path, value);
        if (mistakesOf(candidate).length > 0) {
          refused++;
          continue;
        }
        const changed = manifestsOf(candidate as DeploymentConfig).filter(
          (manifest) => !usual.some((each) => isDeepStrictEqual(each, manifest)),
        );
        for (const manifest of changed) {
          const problem = await dryRun(cluster, discovery, namespaces, manifest);
          if (problem !== undefined) problems.push(`${JSON.stringify(value)}: ${problem}`);
        }
      }
      if (problems.length > 0) throw new Error(problems.join('\n'));
      return `${refused} refused by synth, ${values.length - refused} accepted by the server`;
    });
  }
  for (const namespace of namespaces) await plane.client.delete(`/api/v1/namespaces/${namespace}`);
}

const DRY_RUN = 'dryRun=All&fieldValidation=Strict&fieldManager=edge-values&force=true';

/**
 * Applies an object without storing it.
 *
 * @param namespaces receives those that it has to make
 * @returns what is wrong, or undefined
 */
async function dryRun(
  { plane }: Cluster,
  discovery: Discovery,
  namespaces: Set<string>,
  manifest: Manifest,
): Promise<string | undefined> {
  const { namespace } = manifest.metadata;
  try {
    // The server answers a dry run only where the namespace exists.
    if (namespace !== undefined && !(await plane.client.exists(`/api/v1/namespaces/${namespace}`))) {
      await plane.client.post('/api/v1/namespaces', { metadata: { name: namespace } });
      namespaces.add(namespace);
    }
    const path = `${await discovery.listPath(manifest)}/${manifest.metadata.name}`;
    // Server-side apply, which also takes an object that is there already.
    const stored = await plane.client.patch<unknown>(`${path}?${DRY_RUN}`, manifest, 'apply');
    const dropped = droppedFrom(manifest, stored);
    return dropped.length === 0
      ? undefined
      : `${manifest.kind} ${manifest.metadata.name}: the server drops or changes ${dropped.join(', ')}`;
  } catch (error) {
    return `${manifest.kind} ${manifest.metadata.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The fields of an object that the server does not keep as they are: applying it again would change them each time. */
function droppedFrom(applied: unknown, stored: unknown, path = ''): string[] {
  if (typeof applied !== 'object' || applied === null) return applied === stored ? [] : [path];
  if (typeof stored !== 'object' || stored === null) return [path];
  const kept = stored as Readonly<Record<string, unknown>>;
  return Object.entries(applied).flatMap(([name, value]) => droppedFrom(value, kept[name], `${path}.${name}`));
}
