/**
 * `npm run test:cluster`: starts a control plane of Kubernetes on this machine, with stand-ins for the parts that need
 * real nodes, acts on it as an operator would, and writes RESULTS.md. The first time, it builds Kubernetes (10 to 40
 * minutes). It needs Go, etcd and Prometheus. Arguments select groups of checks; then nothing is written.
 */
import { fileURLToPath } from 'node:url';
import { checkAutoscaling } from './checks/autoscaling.ts';
import { checkCanary } from './checks/canary.ts';
import type { Cluster, Result } from './checks/check.ts';
import { checkEdgeValues } from './checks/edge-values.ts';
import { checkLeftovers } from './checks/leftovers.ts';
import { checkReplicas } from './checks/replicas.ts';
import { checkScenarios } from './checks/scenarios.ts';
import { ControlPlane } from './control-plane/control-plane.ts';
import { crdVersions, findCrds, findPrograms, KUBERNETES_VERSION } from './control-plane/programs.ts';
import { Kubectl } from './kubectl.ts';
import { Nodes } from './stand-ins/nodes.ts';
import { Pods } from './stand-ins/pods.ts';
import { until } from './wait.ts';
import { writeFormatted } from './write-formatted.ts';

const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

/** Pods on GPUs take a minute or more until they are ready. */
const SCALING_START_SECONDS = 60;

/** Nodes for the checks. Each pool has its own, so that checks do not take each other's GPUs. */
const POOLS = [
  { pool: 'changes', count: 4, gpus: 4, startSeconds: 2, stopSeconds: 1 },
  { pool: 'canary', count: 2, gpus: 1, startSeconds: 4, stopSeconds: 3 },
  { pool: 'scaling', count: 6, gpus: 1, startSeconds: SCALING_START_SECONDS, stopSeconds: 5 },
] as const;

/** The groups of checks, by their names. */
const GROUPS: Readonly<Record<string, (cluster: Cluster) => AsyncGenerator<Result>>> = {
  scenarios: checkScenarios,
  replicas: (cluster) => checkReplicas(cluster, 'changes'),
  canary: (cluster) => checkCanary(cluster, 'canary'),
  leftovers: (cluster) => checkLeftovers(cluster, 'changes'),
  'edge-values': checkEdgeValues,
  autoscaling: (cluster) => checkAutoscaling(cluster, 'scaling', SCALING_START_SECONDS),
};

type GroupResults = readonly [name: string, results: readonly Result[]];

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

async function installCrds({ kubectl }: Cluster): Promise<void> {
  // Again if the server has no answer in time, as on a busy machine.
  const apply = async (crd: string) => (await kubectl.attempt(['apply', '--server-side', '-f', crd])).code === 0;
  for (const crd of await findCrds()) await until(`the server has ${crd}`, () => apply(crd), 900);
  await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all']);
}

async function main(selected: readonly string[]): Promise<void> {
  const groups = Object.entries(GROUPS).filter(([name]) => selected.length === 0 || selected.includes(name));
  const results: GroupResults[] = [];
  await withCluster(async (cluster) => {
    const installed = installCrds(cluster);
    // At the same time, as autoscaling takes half an hour, which is mostly waiting, and needs no CRDs.
    const running = groups.map(async ([name, checks]) => {
      if (name !== 'autoscaling') await installed;
      return runGroup(name, checks(cluster));
    });
    await installed;
    results.push(...(await Promise.all(running)));
  });
  if (selected.length === 0) await writeFormatted(RESULTS, documentOf(results));
  const failed = results.flatMap(([, each]) => each).filter(({ problem }) => problem !== undefined);
  if (failed.length > 0) process.exitCode = 1;
}

function documentOf(groups: readonly GroupResults[]): string {
  const head = `# Checks in a cluster

Written by \`npm run test:cluster\` on ${new Date().toISOString().slice(0, 10)} with Kubernetes ${KUBERNETES_VERSION} and the
CRDs of ${crdVersions.map((module) => `\`${module}\``).join(', ')}.
`;
  const sections = groups.map(([name, results]) => {
    const rows = results.map(
      ({ name: check, figures, problem }) =>
        `| ${check} | ${problem === undefined ? 'passes' : 'fails'} | ${figures} |`,
    );
    return [`## ${name}`, '', '| | | |', '| --- | --- | --- |', ...rows, ''].join('\n');
  });
  return [head, ...sections].join('\n');
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await main(process.argv.slice(2));
