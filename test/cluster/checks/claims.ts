import type { DeploymentConfig } from '../../../infra/config.ts';
import { type ClaimSource, UNNAMED_CLASS } from '../../infra/scenarios.ts';
import { Storage } from '../stand-ins/storage.ts';
import type { Pod } from '../stand-ins/pods.ts';
import { until } from '../wait.ts';
import { attempt, type Cluster, type Result } from './check.ts';
import { OperatedDeployment } from './deployment.ts';

/** Name of the claim. */
const CLAIM = 'ofa-ve-models';
/** Ready pods of the stable version after each change. */
const PODS = 2;

/** The classes of the volumes that the claims take, one after the other. */
const VOLUMES = { shared: 1, fast: 2, usual: 1 };

const CHANGES: readonly [name: string, to: ClaimSource, expected: string][] = [
  ['to another class', { ...UNNAMED_CLASS, storageClassName: 'fast' }, '10Gi of fast'],
  ['to less space', { ...UNNAMED_CLASS, storageClassName: 'fast', size: '5Gi' }, '5Gi of fast'],
  ["to the cluster's class", UNNAMED_CLASS, '10Gi of usual'],
];

/** Changes a claim in ways that the server refuses, by the commands that synth prints. */
export async function* checkClaims(cluster: Cluster, pool: string): AsyncGenerator<Result> {
  const storage = await Storage.start(cluster.plane.client, VOLUMES, 'usual');
  const deployment = new OperatedDeployment(cluster, 'claims', pool);
  const config = (source: ClaimSource) => deployment.config({ model: { source }, canary: { enabled: true } });
  try {
    await deployment.change(config({ ...UNNAMED_CLASS, storageClassName: 'shared' }));
    for (const [name, source, expected] of CHANGES)
      yield await attempt(name, () => replaceClaim(cluster, deployment, config(source), expected));
    yield await attempt('to none, as the model comes with the image', () =>
      removeClaim(cluster, deployment, deployment.config({ canary: { enabled: true } })),
    );
  } finally {
    await deployment.remove();
    await storage.stop();
  }
}

interface PersistentVolumeClaim {
  readonly metadata: { readonly uid: string };
  readonly spec: {
    readonly storageClassName: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
  readonly status: { readonly phase?: string };
}

async function replaceClaim(
  { plane }: Cluster,
  deployment: OperatedDeployment,
  config: DeploymentConfig,
  expected: string,
): Promise<string> {
  const path = `/api/v1/namespaces/${deployment.namespace}/persistentvolumeclaims/${CLAIM}`;
  const old = await plane.client.get<PersistentVolumeClaim>(path);
  const { before, after } = deployment.synth(config);
  await deployment.refused('kubectl apply --dry-run=server -f dist', `The PersistentVolumeClaim "${CLAIM}" is invalid`);
  for (const command of [...before, 'kubectl apply -f dist', ...after]) await deployment.shell(command);
  const current = () => plane.client.get<PersistentVolumeClaim>(path);
  await until('the claim is bound', async () => (await current()).status.phase === 'Bound');
  await deployment.untilReady(PODS);
  await deployment.untilReady(1, 'canary');
  const { metadata, spec } = await current();
  const found = `${spec.resources.requests.storage} of ${spec.storageClassName}`;
  if (metadata.uid === old.metadata.uid) throw new Error('the claim is still the old one');
  if (found !== expected) throw new Error(`the claim is ${found}, not ${expected}`);
  return `${found}, ${PODS} pods and the canary ready on it`;
}

/** The claim must not be deleted as long as pods mount it: none that started meanwhile would be scheduled. */
async function removeClaim(
  { pods }: Cluster,
  deployment: OperatedDeployment,
  config: DeploymentConfig,
): Promise<string> {
  const { before, after } = deployment.synth(config);
  let mounting = 0;
  for (const command of [...before, 'kubectl apply -f dist', ...after]) {
    if (command.startsWith('kubectl delete') && command.endsWith(CLAIM))
      mounting = pods.select({ namespace: deployment.namespace }).filter(mountsClaim).length;
    await deployment.shell(command);
  }
  if (mounting > 0) throw new Error(`pods that mounted the claim when it was deleted: ${mounting}`);
  if (!after.some((command) => command.endsWith(CLAIM))) throw new Error('no command deletes the claim');
  return 'no pod mounts the claim when it is deleted';
}

function mountsClaim({ metadata, spec }: Pod): boolean {
  const mounts = spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === CLAIM) ?? false;
  return mounts && metadata.deletionTimestamp === undefined;
}
