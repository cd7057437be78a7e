import { describe, expect, it } from 'vitest';
import { simulateFleet, type FleetOptions } from '../../plan/fleet.ts';
import { planFleet, SCALE_DOWN, SCALE_UP } from '../../plan/plan.ts';
import { batchCurve } from '../../plan/pod.ts';

const FIXED = { minReplicas: 1, maxReplicas: 1, scaleUp: SCALE_UP, scaleDown: SCALE_DOWN };
const NO_SIGNALS = {
  loadItems: { target: 0 },
  requestsPerSecond: { target: 0, windowSeconds: 60 },
};
/** A pod that computes one item in 100 ms and three in 120 ms. */
const POD = { runSeconds: batchCurve(0.1, 0.12, 3), batchItems: 3, capacityItems: 4 };

/** A trace of a minute. */
const minute = (times: readonly number[]) => ({ times, seconds: 60 });

function simulate(options: Partial<FleetOptions>) {
  return simulateFleet({
    pod: POD,
    startSeconds: 60,
    rules: FIXED,
    signals: NO_SIGNALS,
    arrivals: minute([]),
    sloSeconds: 0.15,
    ...options,
  });
}

describe('a pod', () => {
  it('answers a trace as worked out by hand', () => {
    // 0: alone until 0.1. Then 0.01, 0.02 and 0.03 together until 0.22: latencies 0.1, 0.21, 0.2, 0.19.
    const result = simulate({ arrivals: minute([0, 0.01, 0.02, 0.03]) });
    expect(result).toMatchObject({ requests: 4, attained: 0.25, refused: 0 });
    expect(result.meanLatencySeconds).toBeCloseTo((0.1 + 0.21 + 0.2 + 0.19) / 4, 9);
    expect(result.idle).toBeCloseTo(1 - 0.22 / 60, 9);
  });

  it('answers what it has accepted after the end, too', () => {
    const result = simulate({ arrivals: minute([59.99]) });
    expect(result).toMatchObject({ requests: 1, attained: 1, refused: 0 });
    // Only what it has computed by then.
    expect(result.idle).toBeCloseTo(1 - 0.01 / 60, 9);
  });

  it('refuses what exceeds its queue', () => {
    expect(simulate({ arrivals: minute([0, 0.01, 0.02, 0.03, 0.04, 0.05]) }).refused).toBeCloseTo(2 / 6, 9);
  });
});

describe('a fleet', () => {
  const rules = { minReplicas: 2, maxReplicas: 8, scaleUp: SCALE_UP, scaleDown: SCALE_DOWN };
  const pod = { runSeconds: batchCurve(0.04, 0.12, 8), batchItems: 8, capacityItems: 64 };
  const arrivals = {
    steps: [
      { seconds: 600, rate: 20 },
      { seconds: 120, rate: 250 },
      { seconds: 600, rate: 20 },
    ],
  };
  const LOAD = { target: 8 };

  it('gives equal results for equal options', () => {
    const options = { pod, rules, arrivals, signals: { ...NO_SIGNALS, loadItems: LOAD } };
    expect(simulate(options)).toEqual(simulate(options));
    expect(simulate({ ...options, seed: 2 })).not.toEqual(simulate(options));
  });

  it('adds no pod by its load once a burst is over, but does by a rate over two minutes', () => {
    const late = (requestsPerSecond: FleetOptions['signals']['requestsPerSecond']) =>
      simulate({ pod, rules, arrivals, signals: { loadItems: LOAD, requestsPerSecond } }).changes.filter(
        ({ at, replicas }, index, all) => at > 720 && replicas > (all[index - 1]?.replicas ?? 2),
      );
    expect(late(NO_SIGNALS.requestsPerSecond)).toEqual([]);
    expect(late({ target: 10, windowSeconds: 120 })).not.toEqual([]);
  });

  it('serves nobody with a pod that is still starting', () => {
    const grown = { ...rules, minReplicas: 1 };
    const slow = simulate({
      pod,
      rules: grown,
      arrivals,
      startSeconds: 3600,
      signals: { ...NO_SIGNALS, loadItems: LOAD },
    });
    expect(slow.mostPods).toBeGreaterThan(1);
    // One pod computes 66 a second at most.
    expect(slow.refused).toBeGreaterThan((120 * (250 - 67)) / slow.requests - 0.01);
  });

  it('counts the time and the work of pods until they are removed', () => {
    // Ten runs of one item, by either pod; the autoscaler removes the second one at 15 s.
    const { meanPods, idle } = simulate({
      arrivals: minute(Array.from({ length: 10 }, (_, at) => at)),
      pods: 2,
    });
    expect(meanPods).toBeCloseTo((2 * 15 + 45) / 60, 9);
    expect(idle).toBeCloseTo(1 - 1 / 75, 9);
    // Ten runs of 100 s from the first second on: what goes on in the second pod after 15 s counts no more.
    const busy = simulate({
      pod: { runSeconds: () => 100, batchItems: 1, capacityItems: 10 },
      arrivals: minute(Array.from({ length: 10 }, () => 0)),
      pods: 2,
    });
    expect(busy.meanPods).toBeCloseTo((2 * 15 + 45) / 60, 9);
    expect(busy.idle).toBeCloseTo(0, 9);
  });
});

describe('a plan', () => {
  const input = {
    rate: 100,
    latencySeconds: 0.04,
    fullBatchSeconds: 0.32,
    batchItems: 8,
    queueItems: 64,
    startSeconds: 120,
    sloSeconds: 0.5,
    sloShare: 0.99,
  };

  it('has pods that keep the objective at the usual rate, and a burst that shows its limits', () => {
    const plan = planFleet(input);
    if (plan === undefined || !('rules' in plan)) expect.fail();
    expect(plan.mostPerPod).toBeCloseTo(25, 9);
    expect(plan.sustainedPerPod).toBeGreaterThan(15);
    expect(plan.sustainedPerPod).toBeLessThan(25);
    expect(plan.pods).toBe(Math.ceil(100 / plan.targets.requestsPerSecond));
    expect(plan.steady.attained).toBeGreaterThanOrEqual(0.99);
    expect(plan.bursts.map(({ factor }) => factor)).toEqual([1.5, 2, 3]);
    expect(plan.bursts.at(-1)?.attained).toBeLessThan(plan.bursts[0]?.attained ?? 0);
  });

  it('has about its pods at the usual rate under the autoscaler, too', () => {
    // Slow pods that must be idle most of the time to keep the objective: their load swings from 0 to many times its mean.
    const slow = { ...input, rate: 5, latencySeconds: 1.2, fullBatchSeconds: 9.6, sloSeconds: 2.5 };
    for (const each of [input, slow]) {
      const plan = planFleet(each);
      if (plan === undefined || !('rules' in plan)) expect.fail();
      const { pods, rules, targets, usual } = plan;
      const { meanPods, mostPods } = simulate({
        pod: {
          runSeconds: batchCurve(each.latencySeconds, each.fullBatchSeconds, 8),
          batchItems: 8,
          capacityItems: 64,
        },
        rules,
        arrivals: { steps: [{ seconds: 3600, rate: each.rate }] },
        signals: {
          loadItems: { target: targets.loadItems },
          requestsPerSecond: { target: targets.requestsPerSecond, windowSeconds: 60 },
        },
      });
      expect(targets.loadItems).toBeGreaterThan(0);
      expect(meanPods).toBeLessThan(1.2 * pods);
      expect(usual.mostPods).toBeLessThanOrEqual(1.3 * pods);
      expect(usual.mostPods).toBeGreaterThanOrEqual(pods);
      expect(mostPods).toBeLessThan(rules.maxReplicas);
    }
  });

  it('has no target above what a pod can do', () => {
    for (const latencySeconds of [0.0375, 0.04, 0.043, 0.1, 0.3]) {
      const plan = planFleet({ ...input, latencySeconds, fullBatchSeconds: 8 * latencySeconds, sloSeconds: 1 });
      if (plan === undefined || !('rules' in plan)) expect.fail();
      const { sustainedPerPod, targets } = plan;
      // The autoscaler tolerates a tenth above the target.
      expect(1.1 * targets.requestsPerSecond).toBeLessThanOrEqual(sustainedPerPod * (1 + 1e-9));
      expect(1.25 * targets.requestsPerSecond).toBeGreaterThan(sustainedPerPod);
    }
  });

  it('needs fewer pods where batches are cheaper than single items', () => {
    const cheap = planFleet({ ...input, fullBatchSeconds: 0.12 }) ?? expect.fail();
    expect(cheap.pods).toBeLessThan((planFleet(input) ?? expect.fail()).pods);
  });

  it('does not exist where one run is longer than the objective', () => {
    expect(planFleet({ ...input, sloSeconds: 0.03 })).toBeUndefined();
  });
});
