import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Autoscaler, SYNC_SECONDS, type PodReading, type ScalingStep } from '../../plan/autoscaler.ts';

interface Behavior {
  readonly stabilizationWindowSeconds: number;
  readonly policies: readonly [{ readonly value: number; readonly periodSeconds: number }];
}

/** What `npm run test:cluster` recorded of the real autoscaler; see checks/autoscaling.ts there. */
interface Recording {
  readonly spec: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly [{ readonly pods: { readonly target: { readonly averageValue: string } } }];
    readonly behavior: { readonly scaleUp: Behavior; readonly scaleDown: Behavior };
  };
  readonly samples: readonly { readonly second: number; readonly desiredPods: number }[];
  readonly readings: readonly {
    readonly second: number;
    readonly replicas: number;
    readonly pods: readonly { readonly pending: boolean; readonly value?: number }[];
  }[];
}

const { spec, samples, readings } = JSON.parse(
  readFileSync(new URL('../cluster/hpa-decisions.json', import.meta.url), 'utf8'),
) as Recording;

/** A number of pods, and the second from which on it was decided. */
interface Decision {
  readonly second: number;
  readonly pods: number;
}

function changesOf(decisions: readonly Decision[]): Decision[] {
  return decisions.filter(({ pods }, index) => pods !== decisions[index - 1]?.pods).slice(1);
}

const RECORDED = changesOf(samples.map(({ second, desiredPods }) => ({ second, pods: desiredPods })));

function stepOf({ stabilizationWindowSeconds, policies: [{ value, periodSeconds }] }: Behavior): ScalingStep {
  return { pods: value, periodSeconds, stabilizationSeconds: stabilizationWindowSeconds };
}

/** The decisions of the simulated autoscaler on what the real one has read. */
function simulated(scaleDown = stepOf(spec.behavior.scaleDown)): Decision[] {
  const { minReplicas, maxReplicas, behavior, metrics } = spec;
  const autoscaler = new Autoscaler({ minReplicas, maxReplicas, scaleUp: stepOf(behavior.scaleUp), scaleDown });
  const target = Number(metrics[0].pods.target.averageValue);
  const decisions = readings.map(({ second, replicas, pods }) => {
    const read: PodReading[] = pods.map(({ pending, value }) => ({ pending, value }));
    return { second, pods: autoscaler.decide(second, replicas, [{ target, pods: read }]) };
  });
  return changesOf([{ second: 0, pods: minReplicas }, ...decisions]);
}

/** Differences of more than one pod or one sync period. */
function differences(decisions: readonly Decision[]): string[] {
  const count = Math.max(decisions.length, RECORDED.length);
  return Array.from({ length: count }, (_, index) => ({ ours: decisions[index], real: RECORDED[index] })).flatMap(
    ({ ours, real }) => {
      const isClose =
        ours !== undefined &&
        real !== undefined &&
        Math.abs(ours.pods - real.pods) <= 1 &&
        Math.abs(ours.second - real.second) <= SYNC_SECONDS;
      return isClose ? [] : [`${JSON.stringify(ours)} where the real one decided ${JSON.stringify(real)}`];
    },
  );
}

it('is a recording of pods that are added and removed', () => {
  expect(RECORDED.map(({ pods }) => pods)).toEqual([4, 6, 5, 4, 3, 2]);
  // Pods without a value yet, and a policy that holds back: what the simulation has to get right.
  expect(readings.some(({ pods }) => pods.some(({ value }) => value === undefined))).toBe(true);
});

it('agrees with the real autoscaler within one pod and one sync period', () => {
  expect(differences(simulated())).toEqual([]);
});

it('would notice a simulation that removes pods too early or too fast', () => {
  const scaleDown = stepOf(spec.behavior.scaleDown);
  expect(differences(simulated({ ...scaleDown, stabilizationSeconds: 300 }))).not.toEqual([]);
  expect(differences(simulated({ ...scaleDown, pods: 3 }))).not.toEqual([]);
});
