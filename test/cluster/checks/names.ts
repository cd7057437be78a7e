import { extend, ofaLarge, type Changes, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { addressesOf, ingressesIn, IngressWebhook } from '../stand-ins/ingress-webhook.ts';
import type { PodFilter } from '../stand-ins/pods.ts';
import { until } from '../wait.ts';
import { attempt, type Cluster, type Result } from './check.ts';
import { OperatedDeployment } from './deployment.ts';

/** Ready pods before each change. */
const PODS = 2;
const REFUSAL = 'is already defined in ingress';
const FIXED = { replicas: PODS, autoscaling: { by: 'none' } } satisfies Changes<WorkloadConfig>;
const NAMESPACES = ['names', 'names-moved'] as const;

/** Gives a workload and its namespace other names, and exchanges hosts, where the webhook of ingress-nginx is at work. */
export async function* checkNames(cluster: Cluster, pool: string): AsyncGenerator<Result> {
  const { plane, kubectl } = cluster;
  const webhook = await IngressWebhook.start(plane.client, plane.certificate, NAMESPACES);
  const deployment = new OperatedDeployment(cluster, NAMESPACES[0], pool);
  const judge = deployment.config({ ...FIXED, name: 'judge' });
  const moved = extend(judge, { namespace: { name: NAMESPACES[1] } });
  const scaled = extendAll(moved, { replicas: undefined, autoscaling: { by: 'hpa' } });
  const referee = extendAll(scaled, { name: 'referee' });
  try {
    await deployment.change(deployment.config(FIXED));
    yield await attempt('another name of a workload', () => rename(cluster, deployment, judge));
    yield await attempt('another name of the namespace', () => rename(cluster, deployment, moved));
    yield await attempt('another name and an autoscaler', async () => {
      await apply(deployment, scaled);
      return rename(cluster, deployment, referee);
    });
    yield await attempt('two workloads exchange their hosts', () => exchange(deployment, referee));
  } finally {
    await webhook.stop();
    await kubectl.run(['delete', 'namespace', ...NAMESPACES, '--wait=false', '--ignore-not-found']);
  }
}

function extendAll(config: DeploymentConfig, changes: Changes<WorkloadConfig>): DeploymentConfig {
  return { ...config, workloads: config.workloads.map((workload) => extend(workload, changes)) };
}

async function apply(deployment: OperatedDeployment, config: DeploymentConfig): Promise<void> {
  const { before, after } = deployment.synth(config);
  for (const command of [...before, 'kubectl apply -f dist', ...after]) await deployment.shell(command);
}

/** Carries out the commands of synth. No ready pod may be lost, and the address be without a route once, between two. */
async function rename(cluster: Cluster, deployment: OperatedDeployment, config: DeploymentConfig): Promise<string> {
  const { pods } = cluster;
  const pair = NAMESPACES.map((namespace): PodFilter => ({ namespace, labels: { track: 'stable' } }));
  const ready = () => pair.reduce((sum, filter) => sum + pods.readyCount(filter), 0);
  await until(`${PODS} ready pods`, () => ready() === PODS);
  let fewest = PODS;
  const end = pods.onChange(() => (fewest = Math.min(fewest, ready())));
  const { before, after } = deployment.synth(config);
  for (const command of before) await deployment.shell(command);
  await deployment.refused('kubectl apply -f dist', REFUSAL);
  const withoutRoute: string[] = [];
  for (const command of after) {
    await deployment.shell(command);
    if ((await routes(cluster)).length === 0) withoutRoute.push(command);
  }
  end();
  if (fewest < PODS) throw new Error(`there were only ${fewest} ready pods, not ${PODS}`);
  if (withoutRoute.length > 1) throw new Error(`the address had no Ingress after ${withoutRoute.join('\n')}`);
  await deployment.matches();
  return `${fewest} of ${PODS} pods ready at all times, no route after ${withoutRoute.length} of ${after.length} commands`;
}

async function routes({ plane }: Cluster): Promise<string[]> {
  return (await ingressesIn(plane.client, NAMESPACES)).flatMap(addressesOf);
}

async function exchange(deployment: OperatedDeployment, base: DeploymentConfig): Promise<string> {
  const [host, other] = [ofaLarge.exposure.host, 'other.example.com'];
  const withHosts = (first: string, second: string): DeploymentConfig => ({
    ...base,
    workloads: base.workloads.flatMap((workload) => [
      extend(workload, { exposure: { host: first } }),
      extend(workload, { name: 'second', exposure: { host: second } }),
    ]),
  });
  await apply(deployment, withHosts(host, other));
  const { before, after } = deployment.synth(withHosts(other, host));
  await deployment.refused('kubectl apply --dry-run=server -f dist', REFUSAL);
  for (const command of [...before, 'kubectl apply -f dist', ...after]) await deployment.shell(command);
  await deployment.matches();
  return `${before.length} command before the apply`;
}
