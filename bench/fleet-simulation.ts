// Compares signals and rules of autoscaling on simulated fleets: the reasons for the deployment's defaults.
// usage: node bin/run.js bench/fleet-simulation.ts
import { config } from '../infra/config.ts';
import type { RateSteps } from '../plan/arrivals.ts';
import { simulateFleet, type FleetOptions, type FleetResult, type Signals } from '../plan/fleet.ts';
import { batchCurve } from '../plan/pod.ts';
import { percent, printReport, table } from './support/format.ts';
import { programArguments, runProgram } from './support/run-program.ts';

/** A pod that computes one item in 40 ms and eight in 120 ms: at most 67 requests a second. */
const POD = { runSeconds: batchCurve(0.04, 0.12, 8), batchItems: 8, capacityItems: 64 };
const SLO_SECONDS = 0.5;
const BOUNDS = { minReplicas: 2, maxReplicas: 8 };

const SHIPPED = config.workloads[0]?.autoscaling;
if (SHIPPED === undefined) throw new Error('infra/config.ts has no workload.');
const { scaleUp, scaleDown, targets } = SHIPPED;

const SCENARIOS: Record<string, RateSteps> = {
  'even, 60/s': [{ seconds: 3600, rate: 60 }],
  '10 min of 200/s after 40/s': [
    { seconds: 900, rate: 40 },
    { seconds: 600, rate: 200 },
    { seconds: 2100, rate: 40 },
  ],
  '1 min of 300/s after 20/s': [
    { seconds: 600, rate: 20 },
    { seconds: 60, rate: 300 },
    { seconds: 2940, rate: 20 },
  ],
  '120/s, then none': [
    { seconds: 900, rate: 120 },
    { seconds: 2700, rate: 0 },
  ],
};

const signals = (loadItems: number, requestsPerSecond: number, rateWindow: number): Signals => ({
  loadItems: { target: loadItems },
  requestsPerSecond: { target: requestsPerSecond, windowSeconds: rateWindow },
});

const SIGNALS: Record<string, Signals> = {
  'load 8': signals(targets.loadItems, targets.requestsPerSecond, 60),
  'load 4': signals(4, 0, 60),
  'load 8, rate 30 (1 min)': signals(8, 30, 60),
  'load 8, rate 30 (2 min)': signals(8, 30, 120),
  'load 8, rate 10 (2 min)': signals(8, 10, 120),
};

const STEPS = {
  '2 in 60 s, at once': scaleUp,
  '2 in 120 s, after 30 s': { pods: 2, periodSeconds: 120, stabilizationSeconds: 30 },
  '4 in 60 s, at once': { pods: 4, periodSeconds: 60, stabilizationSeconds: 0 },
};

/** When the load falls for good: the beginning of the last step. */
function endOf(steps: RateSteps): number {
  return steps.slice(0, -1).reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Pods that were added after the load had fallen, and how long after. */
function addedLate({ changes }: FleetResult, steps: RateSteps): string {
  const end = endOf(steps);
  if (end === 0) return '-';
  const late = changes.filter(
    ({ at, replicas }, index) => at > end && replicas > (changes[index - 1]?.replicas ?? BOUNDS.minReplicas),
  );
  return late.length === 0 ? 'none' : `after ${late.map(({ at }) => `${at - end} s`).join(', ')}`;
}

function cells(options: Omit<FleetOptions, 'pod' | 'sloSeconds' | 'arrivals'>, steps: RateSteps): string[] {
  const result = simulateFleet({ ...options, pod: POD, arrivals: { steps }, sloSeconds: SLO_SECONDS });
  return [
    percent(result.attained),
    percent(result.refused),
    result.meanPods.toFixed(2),
    String(result.mostPods),
    percent(result.idle),
    addedLate(result, steps),
  ];
}

const RESULTS = ['in time', 'refused', 'mean', 'most', 'idle', 'added too late'];

function main(): void {
  programArguments(0);
  const bySignals = Object.entries(SCENARIOS).flatMap(([scenario, steps]) =>
    Object.entries(SIGNALS).map(([name, chosen]) => [
      scenario,
      name,
      ...cells({ startSeconds: 120, rules: { ...BOUNDS, scaleUp, scaleDown }, signals: chosen }, steps),
    ]),
  );

  const byLoad = signals(8, 0, 60);
  const burst = SCENARIOS['10 min of 200/s after 40/s'] ?? [];
  const bySteps = [60, 120, 300].flatMap((startSeconds) =>
    Object.entries(STEPS).map(([name, step]) => [
      `${startSeconds} s`,
      name,
      ...cells({ startSeconds, rules: { ...BOUNDS, scaleUp: step, scaleDown }, signals: byLoad }, burst).slice(0, -1),
    ]),
  );

  printReport(
    `Pods that compute one item in 40 ms and eight in 120 ms (67 requests a second at most), ${BOUNDS.minReplicas} to ${BOUNDS.maxReplicas} of them, ready after two minutes, under the algorithm of the HorizontalPodAutoscaler, for an hour. In time is within 500 ms; mean and most are pods; a rate is that of requests over one or two minutes:`,
    table(['load', 'signals per pod', ...RESULTS], bySignals),
    'How fast pods are added, by the time that a pod takes to start, for the burst of ten minutes:',
    table(['start', 'pods added', ...RESULTS.slice(0, -1)], bySteps),
  );
}

await runProgram(main);
