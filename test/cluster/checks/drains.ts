import type { Changes, WorkloadConfig } from '../../../infra/config.ts';
import { documentedCommand } from '../documentation.ts';
import { attempt, type Cluster, type Result } from './check.ts';
import { OperatedDeployment } from './deployment.ts';

/** One pod for each node of the pool, each of which has room for a second one. */
const PODS = 4;

const SPREAD: Changes<WorkloadConfig> = {
  replicas: PODS,
  autoscaling: { by: 'none', adapter: { rules: false } },
  scheduling: { spread: [{ topologyKey: 'kubernetes.io/hostname', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] },
};

/** Drains a node by the command of the documentation; the pods must find another one, however evenly they are spread. */
export async function* checkDrains(cluster: Cluster, pool: string): AsyncGenerator<Result> {
  const { kubectl, pods } = cluster;
  const node = `${pool}-1`;
  const deployment = new OperatedDeployment(cluster, 'drains', pool);
  await deployment.change(deployment.config(SPREAD));
  await deployment.untilReady(PODS);
  yield await attempt('a node of pods that must be spread evenly', async () => {
    const record = pods.recordFewestReady(deployment.podsOf('stable'));
    try {
      await deployment.shell((await documentedCommand('kubectl drain')).replace('NODE', node));
      await deployment.untilReady(PODS);
    } finally {
      await kubectl.run(['uncordon', node]);
    }
    return `${record.stop()} of ${PODS} pods ready at all times`;
  });
  await deployment.remove();
}
