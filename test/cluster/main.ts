/**
 * `npm run test:cluster`: starts a control plane of Kubernetes on this machine, with stand-ins for the parts that need
 * real nodes, acts on it as an operator would, and writes RESULTS.md. The first time, it builds Kubernetes (10 to 40
 * minutes). It needs Go, etcd and Prometheus. Arguments select groups of checks; their sections are
 * replaced then.
 */
import { UserError } from '../../model/errors.ts';
import { selectByName } from '../../testing/selection.ts';
import { checkAutoscaling } from './checks/autoscaling.ts';
import { checkCanary } from './checks/canary.ts';
import type { Cluster, Result } from './checks/check.ts';
import { checkClaims } from './checks/claims.ts';
import { checkDrains } from './checks/drains.ts';
import { checkEdgeValues } from './checks/edge-values.ts';
import { checkLeftovers } from './checks/leftovers.ts';
import { checkNames } from './checks/names.ts';
import { checkReplicas } from './checks/replicas.ts';
import { checkScenarios } from './checks/scenarios.ts';
import { checkTexts } from './checks/texts.ts';
import { ControlPlane } from './control-plane/control-plane.ts';
import { findCrds, findPrograms } from './control-plane/programs.ts';
import { Kubectl } from './kubectl.ts';
import { writeResults, type GroupResults } from './results-file.ts';
import { Nodes } from './stand-ins/nodes.ts';
import { Pods } from './stand-ins/pods.ts';
import { until } from './wait.ts';

/** Pods on GPUs take a minute or more until they are ready. */
const SCALING_START_SECONDS = 60;

/** Nodes for the checks. Each pool has its own, so that checks do not take each other's GPUs. */
const POOLS = [
  { pool: 'changes', count: 4, gpus: 4, startSeconds: 2, stopSeconds: 1 },
  // Slower than the autoscaler's sync period, so that it has acted before the first pod of a Deployment is ready.
  { pool: 'names', count: 4, gpus: 2, startSeconds: 20, stopSeconds: 3 },
  { pool: 'canary', count: 2, gpus: 1, startSeconds: 4, stopSeconds: 3 },
  { pool: 'scaling', count: 6, gpus: 1, startSeconds: SCALING_START_SECONDS, stopSeconds: 5 },
] as const;

/** The groups of checks, by their names. */
const GROUPS: Readonly<Record<string, (cluster: Cluster) => AsyncGenerator<Result>>> = {
  scenarios: checkScenarios,
  replicas: (cluster) => checkReplicas(cluster, 'changes'),
  canary: (cluster) => checkCanary(cluster, 'canary'),
  drains: (cluster) => checkDrains(cluster, 'changes'),
  claims: (cluster) => checkClaims(cluster, 'changes'),
  names: (cluster) => checkNames(cluster, 'names'),
  leftovers: (cluster) => checkLeftovers(cluster, 'changes'),
  'edge-values': checkEdgeValues,
  texts: checkTexts,
  autoscaling: (cluster) => checkAutoscaling(cluster, 'scaling', SCALING_START_SECONDS),
};

async function runGroup(name: string, checks: AsyncGenerator<Result>): Promise<GroupResults> {
  const results: Result[] = [];
  for await (const result of checks) {
    results.push(result);
    console.log(`${name}: ${result.name}: ${result.problem ?? `passes (${result.figures})`}`);
  }
  return [name, results];
}

/** Calls a function with a cluster, and stops everything however that ends. */
async function withCluster(act: (cluster: Cluster) => Promise<void>): Promise<void> {
  const programs = await findPrograms(console.log);
  console.log('starting the control plane');
  const plane = await ControlPlane.start(programs);
  const running: { stop(): Promise<void> }[] = [plane];
  try {
    const kubectl = new Kubectl(programs.kubectl, plane.kubeconfig);
    const pods = new Pods(plane.client);
    running.push(pods);
    for (const pool of POOLS) running.push(await Nodes.start(plane.client, pods, pool));
    await act({ plane, programs, kubectl, pods });
  } finally {
    for (const each of running.reverse()) await each.stop();
  }
}

interface CrdList {
  readonly items: readonly {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

async function installCrds({ kubectl, plane }: Cluster): Promise<void> {
  // Again if the server has no answer in time, as on a busy machine.
  const apply = async (crd: string) => (await kubectl.attempt(['apply', '--server-side', '-f', crd])).code === 0;
  for (const crd of await findCrds()) await until(`the server has ${crd}`, () => apply(crd), 900);
  await until('the server serves their kinds', async () => {
    const { items } = await plane.client.get<CrdList>('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    return items.every(({ status }) =>
      status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True'),
    );
  });
}

async function main(selected: readonly string[]): Promise<void> {
  const names = selectByName(selected, Object.keys(GROUPS));
  const groups = Object.entries(GROUPS).filter(([name]) => names.includes(name));
  const results: GroupResults[] = [];
  await withCluster(async (cluster) => {
    // Autoscaling takes half an hour, which is mostly waiting, and needs no CRDs.
    const autoscaling = groups
      .filter(([name]) => name === 'autoscaling')
      .map(([name, checks]) => runGroup(name, checks(cluster)));
    const others = groups.filter(([name]) => name !== 'autoscaling');
    if (others.length > 0) await installCrds(cluster);
    for (const [name, checks] of others) results.push(await runGroup(name, checks(cluster)));
    results.push(...(await Promise.all(autoscaling)));
  });
  await writeResults(results, Object.keys(GROUPS));
  const failed = results.flatMap(([, each]) => each).filter(({ problem }) => problem !== undefined);
  if (failed.length > 0) process.exitCode = 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UserError ? error.message : error);
  process.exit(1);
}
