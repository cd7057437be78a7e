import type { Changes, WorkloadConfig } from '../../../infra/config.ts';
import { until } from '../wait.ts';
import { attempt, type Cluster, type Result } from './check.ts';
import { OperatedDeployment } from './deployment.ts';

/** Pods of the stable version, for which alone the pool has GPUs. */
const STABLE = 2;

function image(tag: string) {
  return { reference: `registry.example.com/ai/ofa-ve-large:${tag}` };
}

const CANARY = { canary: { enabled: true, image: image('1.1') } } satisfies Changes<WorkloadConfig>;

/** A canary for which there is no GPU must not hinder the stable version. The pool has two GPUs. */
export async function* checkCanary(cluster: Cluster, pool: string): AsyncGenerator<Result> {
  const { pods } = cluster;
  const deployment = new OperatedDeployment(cluster, 'canary', pool);
  await deployment.change(deployment.config({}));
  await deployment.untilReady(STABLE);
  const steps: readonly [name: string, promised: number, step: () => Promise<void>][] = [
    [
      'a canary without a GPU waits',
      STABLE,
      async () => {
        await deployment.change(deployment.config(CANARY));
        await until('the canary is pending', () => isUnschedulable(cluster, deployment));
      },
    ],
    [
      'a rollout of the stable version, with the canary pending, ends',
      STABLE - 1,
      () => deployment.change(deployment.config({ ...CANARY, image: image('1.0.1') })),
    ],
    [
      'the pending canary is promoted',
      STABLE - 1,
      async () => {
        await deployment.change(deployment.config({ image: image('1.1') }));
        await until('the canary is gone', () => pods.select(deployment.podsOf('canary')).length === 0);
      },
    ],
  ];
  for (const [name, promised, step] of steps) {
    yield await attempt(name, async () => {
      const record = pods.recordFewestReady(deployment.podsOf('stable'));
      await step();
      const fewest = record.stop();
      if (fewest < promised) throw new Error(`there were only ${fewest} ready pods of the stable version`);
      return `${fewest} of ${STABLE} pods of the stable version ready at all times`;
    });
  }
  await deployment.remove();
}

function isUnschedulable({ pods }: Cluster, deployment: OperatedDeployment): boolean {
  return pods
    .select(deployment.podsOf('canary'))
    .some(({ status }) => status.conditions?.some(({ reason }) => reason === 'Unschedulable') ?? false);
}
