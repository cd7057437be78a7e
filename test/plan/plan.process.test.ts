import { describe, expect, it } from 'vitest';
import { MOST_PODS, planFleet, type PlanInput } from '../../plan/plan.ts';
import { mistakesOf } from '../infra/mistakes.ts';
import { withWorkload } from '../infra/scenarios.ts';

/** A slow model on a CPU. */
const SLOW: PlanInput = {
  ...{ rate: 2, latencySeconds: 100, fullBatchSeconds: 800, batchItems: 8, queueItems: 64 },
  ...{ startSeconds: 120, sloSeconds: 400, sloShare: 0.99 },
};

describe('a plan', () => {
  it('is one that the configuration takes, for many slow pods', () => {
    const plan = planFleet(SLOW);
    if (plan === undefined || !('rules' in plan)) expect.fail();
    const { pods, targets, rules, fallbackReplicas } = plan;
    expect(pods).toBeGreaterThan(400);
    expect(targets.requestsPerSecond).toBeLessThan(0.01);
    const autoscaling = { ...rules, targets: { ...targets, cpuPercent: 0 }, keda: { fallbackReplicas } };
    expect(mistakesOf(withWorkload({ autoscaling }))).toEqual([]);
    const byKeda = { ...autoscaling, by: 'keda', adapter: { rules: false } } as const;
    expect(mistakesOf(withWorkload({ autoscaling: byKeda }))).toEqual([]);
    expect(fallbackReplicas).toBeGreaterThan(pods);
  });

  it('has no target of the load that full pods do not exceed by more than is tolerated', () => {
    const short = { rate: 0.2, latencySeconds: 3, fullBatchSeconds: 6, batchItems: 2, queueItems: 3 };
    const plan = planFleet({ ...short, startSeconds: 60, sloSeconds: 120, sloShare: 0.8 });
    expect(plan).toMatchObject({ targets: { loadItems: 0 } });
  });

  it('changes a large fleet by shares of its pods, and no more at once than the configuration takes', () => {
    const plan = planFleet(SLOW);
    if (plan === undefined || !('rules' in plan)) expect.fail();
    const { pods, rules } = plan;
    expect([rules.scaleUp.pods, rules.scaleDown.pods]).toEqual([100, Math.ceil(pods / 10)]);
  });

  it('knows the most pods that a deployment takes', () => {
    const withPods = (pods: number) => withWorkload({ autoscaling: { minReplicas: pods, maxReplicas: pods } });
    expect(mistakesOf(withPods(MOST_PODS))).toEqual([]);
    expect(mistakesOf(withPods(MOST_PODS + 1))).not.toEqual([]);
  });
});
