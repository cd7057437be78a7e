import { describe, expect, it } from 'vitest';
import { config } from '../../infra/config.ts';
import { Autoscaler, desiredByMetric, desiredReplicas, type PodReading } from '../../plan/autoscaler.ts';
import { SCALE_DOWN, SCALE_UP } from '../../plan/plan.ts';

const running = (...values: (number | undefined)[]): PodReading[] => values.map((value) => ({ pending: false, value }));
const PENDING: PodReading = { pending: true, value: undefined };

describe('the number of pods that a metric asks for', () => {
  // Worked out by hand from calcPlainMetricReplicas.
  it.each([
    ['twice the target doubles the pods', running(20, 20), 4],
    ['the mean counts, and is rounded up to whole pods', running(10, 16), 3],
    ['nearly ten per cent above the target are tolerated', running(10.99, 10.99), 2],
    ['ten per cent are not, as 1.1 - 1 exceeds 0.1 in binary', running(11, 11), 3],
    ['ten per cent below the target are tolerated', running(9, 9, 9), 3],
    ['less than a thousandth is cut off the mean', running(11, 11, 10.999), 3],
    ['half the target halves them', running(5, 5, 5, 5), 2],
    // Ratio 2 over one pod; with the missing one at 0 it is 1, so nothing changes.
    ['a pod without a value counts as idle when pods would be added', running(20, undefined), 2],
    ['and still pods are added if the others suffice', running(40, undefined), 4],
    // Ratio 1.5 over one pod, 0.5 with the missing ones.
    ['and none is removed on their account', running(15, undefined, undefined), 3],
    // Ratio 0.2; with the missing one at its target it is 0.6: ceil(0.6 * 2).
    ['it counts as on target when pods would be removed', running(2, undefined), 2],
    ['which then are removed more slowly', running(2, 2, 2, undefined), 2],
    // Ratio 3 over one pod, 1.5 with the pending one at 0: ceil(1.5 * 2).
    ['a pending pod counts as idle when pods would be added', [...running(30), PENDING], 3],
    // 1.05 with it.
    ['so that the others may be within the tolerance', [...running(21), PENDING], 2],
    ['and does not count when they would be removed', [...running(2, 2), PENDING], 1],
  ])('%s', (_what, pods, expected) => {
    expect(desiredByMetric({ target: 10, pods }, pods.length)).toBe(expected);
  });

  it('is none without readings', () => {
    expect(desiredByMetric({ target: 10, pods: undefined }, 3)).toBeUndefined();
    expect(desiredByMetric({ target: 10, pods: [...running(undefined), PENDING] }, 2)).toBeUndefined();
  });
});

describe('several metrics', () => {
  const missing = { target: 60, pods: undefined };

  it('give way to the one that asks for most pods', () => {
    expect(
      desiredReplicas(
        [
          { target: 10, pods: running(5, 5) },
          { target: 1, pods: running(2, 2) },
        ],
        2,
      ),
    ).toBe(4);
  });

  it('add pods although one cannot be read, but remove none', () => {
    expect(desiredReplicas([{ target: 10, pods: running(20, 20) }, missing], 2)).toBe(4);
    expect(desiredReplicas([{ target: 10, pods: running(1, 1) }, missing], 2)).toBeUndefined();
    expect(desiredReplicas([missing], 2)).toBeUndefined();
  });
});

describe('an autoscaler', () => {
  const rules = {
    minReplicas: 2,
    maxReplicas: 10,
    scaleUp: { pods: 2, periodSeconds: 120, stabilizationSeconds: 30 },
    scaleDown: { pods: 1, periodSeconds: 180, stabilizationSeconds: 600 },
  };
  /** Decisions every 15 s while all pods have the value that the time gives. */
  const decisions = (valueAt: (now: number) => number, seconds: number, start: number, changes = {}): string => {
    const autoscaler = new Autoscaler({ ...rules, ...changes });
    const changed: string[] = [];
    let pods = start;
    for (let now = 0; now <= seconds; now += 15) {
      const values = Array.from({ length: pods }, () => valueAt(now));
      const next = autoscaler.decide(now, pods, [{ target: 10, pods: running(...values) }]);
      if (next !== pods) changed.push(`${now}:${next}`);
      pods = next;
    }
    return changed.join(' ');
  };

  it('adds pods when the signal has lasted, at most so many per period', () => {
    // The recommendation at 0 is the present number; it leaves the window of 30 s at 30 s.
    expect(decisions(() => 30, 300, 2)).toBe('30:4 150:6 270:8');
  });

  it('removes pods one at a time after the window', () => {
    expect(decisions(() => 0, 1000, 5)).toBe('600:4 780:3 960:2');
  });

  it('ignores a peak that is shorter than the window', () => {
    expect(decisions((now) => (now === 15 ? 100 : 10), 300, 2)).toBe('');
  });

  it('keeps within its bounds at once', () => {
    expect(decisions(() => 10, 0, 1)).toBe('0:2');
    expect(decisions(() => 10, 0, 12)).toBe('0:10');
    expect(decisions(() => 1000, 1000, 8)).toBe('30:10');
  });

  it('counts removed pods of the period as pods that were there', () => {
    const scaleDown = { pods: 4, periodSeconds: 60, stabilizationSeconds: 0 };
    const scaleUp = { pods: 1, periodSeconds: 120, stabilizationSeconds: 0 };
    // At 30 s, two pods are left of the six at the start of the period: up to seven are allowed.
    expect(decisions((now) => (now < 30 ? 1 : 30), 30, 6, { scaleUp, scaleDown })).toBe('0:2 30:6');
  });
});

describe('the rules that plans assume', () => {
  it('are those of the deployment', () => {
    const { scaleUp, scaleDown } = config.workloads[0]?.autoscaling ?? expect.fail();
    expect({ scaleUp, scaleDown }).toEqual({ scaleUp: SCALE_UP, scaleDown: SCALE_DOWN });
  });
});
