import { setTimeout as sleep } from 'node:timers/promises';
import type { Changes, WorkloadConfig } from '../../../infra/config.ts';
import { documentedCommand } from '../documentation.ts';
import { attempt, type Cluster, type Result } from './check.ts';
import { OperatedDeployment } from './deployment.ts';
import { actAsKeda } from '../stand-ins/keda.ts';

/** Longer than the autoscaler's sync period, so that it has decided with what it found. */
const SETTLE_MS = 20_000;
/** Ready pods before each change. */
const PODS = 4;

/** What sets the number of pods, and the configuration for it. */
const WAYS = {
  none: { replicas: PODS, autoscaling: { by: 'none' } },
  hpa: { autoscaling: { by: 'hpa' } },
  keda: { autoscaling: { by: 'keda', adapter: { rules: false } } },
} satisfies Record<string, Changes<WorkloadConfig>>;

type Way = keyof typeof WAYS;

/** Every change from one way to another. */
const ROUND: readonly Way[] = ['none', 'hpa', 'keda', 'none', 'keda', 'hpa', 'none'];

/** Changes what sets the number of pods by the commands that synth prints. No ready pod may be lost. */
export async function* checkReplicas(cluster: Cluster, pool: string): AsyncGenerator<Result> {
  const deployment = new OperatedDeployment(cluster, 'replicas', pool);
  const keda = actAsKeda(cluster.plane.client, deployment.namespace);
  try {
    await deployment.change(deployment.config(WAYS.none));
    for (const [index, to] of ROUND.slice(1).entries()) {
      const from = ROUND[index] ?? 'none';
      yield await attempt(`from ${from} to ${to}`, () =>
        fewestDuring(cluster, deployment, PODS, async () => {
          await deployment.change(deployment.config(WAYS[to]));
          if (to === 'keda') await keda.untilTakenOver();
        }),
      );
    }
  } finally {
    await keda.stop();
  }
  await deployment.remove();
  yield await attempt('from none to hpa with server-side apply, as Flux does', () => serverSide(cluster, pool));
  yield await attempt('from none to hpa without the commands loses pods, so these checks can fail', () =>
    withoutCommands(cluster, pool),
  );
}

/** Makes a change, and fails if there are at any time fewer ready pods than promised. */
async function fewestDuring(
  { pods }: Cluster,
  deployment: OperatedDeployment,
  promised: number,
  change: () => Promise<void>,
): Promise<string> {
  await deployment.untilReady(PODS);
  const record = pods.recordFewestReady(deployment.podsOf('stable'));
  await change();
  await sleep(SETTLE_MS);
  const fewest = record.stop();
  if (fewest < promised) throw new Error(`there were only ${fewest} ready pods, not ${promised}`);
  return `${fewest} of ${PODS} pods ready at all times`;
}

async function serverSide(cluster: Cluster, pool: string): Promise<string> {
  // The documentation's commands name this namespace.
  const deployment = new OperatedDeployment(cluster, 'ofa-ve', pool);
  const handover = await documentedCommand('replicas-handover');
  const apply = 'kubectl apply --server-side -f dist';
  deployment.synth(deployment.config(WAYS.none));
  await deployment.shell(apply);
  const figures = await fewestDuring(cluster, deployment, PODS, async () => {
    await deployment.shell(handover);
    deployment.synth(deployment.config(WAYS.hpa));
    await deployment.shell(apply);
  });
  await deployment.removeNow();
  return figures;
}

async function withoutCommands(cluster: Cluster, pool: string): Promise<string> {
  const deployment = new OperatedDeployment(cluster, 'replicas-control', pool);
  await deployment.change(deployment.config(WAYS.none));
  await deployment.untilReady(PODS);
  const record = cluster.pods.recordFewestReady(deployment.podsOf('stable'));
  deployment.synth(deployment.config(WAYS.hpa));
  await deployment.shell('kubectl apply -f dist');
  await sleep(SETTLE_MS);
  const fewest = record.stop();
  await deployment.remove();
  if (fewest >= PODS) throw new Error('no pod was lost: the commands are not needed any more');
  return `${fewest} of ${PODS} pods ready`;
}
