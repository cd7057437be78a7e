import { Command } from 'commander';
import { UserError } from '../../model/errors.ts';
import { MOST_PODS, planFleet, type Plan, type PlanInput } from '../../plan/plan.ts';
import { DEFAULT_SETTINGS } from '../../service/settings/definitions.ts';
import { table } from '../format.ts';
import { number, wholeNumber } from '../../model/options/number.ts';

interface PlanOptions {
  readonly rate: number;
  readonly latencyMs: number;
  readonly startSeconds: number;
  readonly sloMs: number;
  readonly sloPercent: number;
  readonly batch: number;
  readonly batchMs?: number;
  readonly queue: number;
  readonly json?: true;
}

/** `ofa-ve plan`: how many pods a rate needs, by simulation. */
export function planCommand(): Command {
  return new Command('plan')
    .summary('work out pods and scaling targets for a rate of requests')
    .description(
      'Simulates pods behind a Service with a HorizontalPodAutoscaler, and prints how many pods a rate of requests needs, which targets autoscaling should have, and what bursts do.',
    )
    .requiredOption('--rate <requests>', 'usual requests per second', number(0.1, 10_000))
    .requiredOption('--latency-ms <ms>', 'time of a run with one item on this GPU or CPU', number(0.1, 600_000))
    .requiredOption('--start-seconds <seconds>', 'time from creating a pod until it is ready', number(0, 7200))
    .requiredOption('--slo-ms <ms>', 'latency that answers must keep', number(1, 600_000))
    .option('--slo-percent <percent>', 'share of requests that must keep it', number(50, 99.99), 99)
    .option('--batch <items>', 'most items in a run (MAX_BATCH)', wholeNumber(1, 256), DEFAULT_SETTINGS.MAX_BATCH)
    .option(
      '--batch-ms <ms>',
      'time of a run with a full batch (default: as long as its items one by one)',
      number(0.1, 600_000),
    )
    .option(
      '--queue <items>',
      'items that a pod accepts (MAX_QUEUE)',
      wholeNumber(1, 100_000),
      DEFAULT_SETTINGS.MAX_QUEUE,
    )
    .option('--json', 'print the plan as JSON')
    .action((options: PlanOptions) => {
      checkBatch(options);
      const input = inputOf(options);
      const plan = planFleet(input);
      if (plan === undefined) {
        throw new UserError(
          'settings-invalid',
          `A run takes ${options.latencyMs} ms: even a pod that computes only 0.5 % of the time does not answer ${options.sloPercent} % of the requests within ${options.sloMs} ms.`,
        );
      }
      if (!('rules' in plan)) {
        throw new UserError(
          'settings-invalid',
          `${options.rate} requests/s need ${plan.pods} pods, but a deployment has at most ${MOST_PODS}; divide the rate among several.`,
        );
      }
      console.log(options.json ? JSON.stringify(plan, undefined, 2) : describe(plan, options));
    });
}

function checkBatch({ latencyMs, batch, batchMs = latencyMs }: PlanOptions): void {
  if (batchMs < latencyMs) {
    throw new UserError(
      'settings-invalid',
      `--batch-ms is ${batchMs}, but a run with one item takes ${latencyMs} ms (--latency-ms); a full batch takes at least as long.`,
    );
  }
  if (batch === 1 && batchMs > latencyMs) {
    throw new UserError('settings-invalid', 'With --batch 1, a full batch is one item; leave out --batch-ms.');
  }
}

function inputOf({ latencyMs, batchMs, batch, ...options }: PlanOptions): PlanInput {
  return {
    rate: options.rate,
    latencySeconds: latencyMs / 1000,
    fullBatchSeconds: (batchMs ?? latencyMs * batch) / 1000,
    batchItems: batch,
    queueItems: options.queue,
    startSeconds: options.startSeconds,
    sloSeconds: options.sloMs / 1000,
    sloShare: options.sloPercent / 100,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** A rate to a tenth, or to two digits where that would be too coarse. */
const perSecond = (rate: number): string => (rate >= 10 ? rate.toFixed(1) : String(Number(rate.toPrecision(2))));

/** The settings that are not the service's defaults, which the plan counts on. */
function settingsLine({ batch, queue }: PlanOptions): string[] {
  const changed = [
    ...(batch === DEFAULT_SETTINGS.MAX_BATCH ? [] : [`MAX_BATCH: ${batch}`]),
    ...(queue === DEFAULT_SETTINGS.MAX_QUEUE ? [] : [`MAX_QUEUE: ${queue}`]),
  ];
  return changed.length === 0 ? [] : [`server: { kind: 'ofa-ve', settings: { ${changed.join(', ')} } },`];
}

function describe(plan: Plan, options: PlanOptions): string {
  const { rate, sloMs, sloPercent, startSeconds } = options;
  const { targets, rules, steady } = plan;
  const facts = [
    ['a pod', `${perSecond(plan.mostPerPod)} requests/s at most`],
    ['', `${perSecond(plan.sustainedPerPod)} requests/s with ${sloPercent} % within ${sloMs} ms`],
    [
      'pods',
      `${plan.pods} for ${rate} requests/s: ${percent(steady.attained)} within ${sloMs} ms, ${percent(steady.idle)} idle`,
    ],
  ];
  const bursts = [
    ['rate', `within ${sloMs} ms`, 'refused', 'most pods', 'mean pods'],
    ...[{ factor: 1, ...plan.usual }, ...plan.bursts].map(({ factor, attained, refused, mostPods, meanPods }) => [
      `x ${factor}`,
      percent(attained),
      percent(refused),
      String(mostPods),
      meanPods.toFixed(1),
    ]),
  ];
  const step = ({ pods, periodSeconds, stabilizationSeconds }: typeof rules.scaleUp): string =>
    `{ pods: ${pods}, periodSeconds: ${periodSeconds}, stabilizationSeconds: ${stabilizationSeconds} }`;
  return [
    table(facts, ['start', 'start']),
    '',
    `Half an hour with these targets, at the usual rate and with bursts of 10 minutes; pods start in ${startSeconds} s:`,
    table(bursts, ['start', 'end', 'end', 'end', 'end']),
    '',
    'For a burst that begins faster than pods start, raise minReplicas.',
    ...(targets.loadItems === 0
      ? ['loadItems is 0 and so disabled: no load that fits the queue tells a burst from chance.']
      : []),
    'In infra/config.ts:',
    'autoscaling: {',
    `  minReplicas: ${rules.minReplicas},`,
    `  maxReplicas: ${rules.maxReplicas},`,
    `  targets: { loadItems: ${targets.loadItems}, requestsPerSecond: ${targets.requestsPerSecond}, cpuPercent: 0 },`,
    `  scaleUp: ${step(rules.scaleUp)},`,
    `  scaleDown: ${step(rules.scaleDown)},`,
    `  keda: { fallbackReplicas: ${plan.fallbackReplicas} },`,
    '},',
    ...settingsLine(options),
  ].join('\n');
}
