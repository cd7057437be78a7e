import type { Changes, WorkloadConfig } from '../../../infra/config.ts';
import { Discovery, type ObjectName } from '../control-plane/discovery.ts';
import { documentedCommand } from '../documentation.ts';
import { attempt, type Cluster, type Result } from './check.ts';
import { OperatedDeployment } from './deployment.ts';

const CANARY = { canary: { enabled: true } } as const;
const GATEWAY = {
  exposure: { route: 'gateway', gateway: { grpcHost: 'ofa-grpc.example.com' } },
  networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
} satisfies Changes<WorkloadConfig>;
const ISTIO = {
  exposure: { route: 'istio' },
  networkPolicy: { clients: [{ namespace: 'istio-system', podLabels: {} }] },
} satisfies Changes<WorkloadConfig>;
const OBSERVED = {
  observability: { monitor: 'ServiceMonitor', alerts: { enabled: true } },
} satisfies Changes<WorkloadConfig>;

/** Changes of a configuration that remove objects. */
const CHANGES: readonly [name: string, from: Changes<WorkloadConfig>, to: Changes<WorkloadConfig>][] = [
  ['a canary behind an Ingress ends', CANARY, {}],
  ['an Ingress becomes a Gateway', CANARY, { ...CANARY, ...GATEWAY }],
  ['a Gateway becomes Istio', { ...GATEWAY, ...OBSERVED }, ISTIO],
  ['Istio with a canary becomes nothing', { ...ISTIO, ...CANARY }, { exposure: { route: 'none' } }],
  ['monitoring ends', OBSERVED, { observability: { dashboard: { enabled: false } } }],
];

/** Kinds that pruning leaves to the commands of synth. */
const UNPRUNED = ['Namespace', 'PersistentVolumeClaim', 'HorizontalPodAutoscaler', 'ScaledObject'];

/** After a change, the cluster has the objects of the new configuration and no others. */
export async function* checkLeftovers(cluster: Cluster, pool: string): AsyncGenerator<Result> {
  for (const [index, [name, from, to]] of CHANGES.entries()) {
    const deployment = new OperatedDeployment(cluster, `leftovers-${index}`, pool);
    yield await attempt(`${name}, by the commands of synth`, async () => {
      const before = await start(deployment, from);
      const { before: first, after: last } = deployment.synth(deployment.config(to));
      for (const command of [...first, 'kubectl apply -f dist', ...last]) await deployment.shell(command);
      return compare(cluster, before, deployment.objects(), () => true);
    });
    await deployment.remove();
  }
  const prune = await documentedCommand('--prune-allowlist');
  for (const [name, from, to] of CHANGES) {
    // The documentation's commands name this namespace.
    const deployment = new OperatedDeployment(cluster, 'ofa-ve', pool);
    yield await attempt(`${name}, by pruning`, async () => {
      const before = await start(deployment, from);
      deployment.synth(deployment.config(to));
      await deployment.shell(prune);
      return compare(cluster, before, deployment.objects(), ({ kind }) => !UNPRUNED.includes(kind));
    });
    await deployment.removeNow();
  }
}

/** Applies the first configuration. Gives its objects. */
async function start(deployment: OperatedDeployment, changes: Changes<WorkloadConfig>): Promise<ObjectName[]> {
  deployment.synth(deployment.config(changes));
  await deployment.shell('kubectl apply -f dist');
  return deployment.objects();
}

/** Fails unless the cluster has all objects of `after`, and of `before` no others. Gives figures. */
async function compare(
  { plane }: Cluster,
  before: readonly ObjectName[],
  after: readonly ObjectName[],
  isRelevant: (object: ObjectName) => boolean,
): Promise<string> {
  const discovery = new Discovery(plane.client);
  const pathOf = async (object: ObjectName) => `${await discovery.listPath(object)}/${object.metadata.name}`;
  const expected = new Set(await Promise.all(after.map(pathOf)));
  for (const path of expected) await plane.client.get(path);
  const removed = [];
  for (const object of before.filter(isRelevant)) {
    const path = await pathOf(object);
    if (!expected.has(path)) removed.push(path);
  }
  const left = [];
  for (const path of removed) if (await plane.client.exists(path)) left.push(path);
  if (left.length > 0) throw new Error(`these objects are still there:\n${left.join('\n')}`);
  if (removed.length === 0) throw new Error('the change removes nothing, so it shows nothing');
  return `${removed.length} objects removed`;
}
