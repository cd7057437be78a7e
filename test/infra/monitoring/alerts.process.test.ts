import { stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../service/contract.ts';
import type { DeploymentConfig } from '../../../infra/config.ts';
import { ruleGroups, type RuleGroup } from '../../../infra/monitoring/alerts.ts';
import { adapterRules } from '../../../infra/monitoring/adapter-rules.ts';
import { panelDrafts } from '../../../infra/monitoring/dashboard-panels.ts';
import { contextOf } from '../../../infra/workload/context.ts';
import { isLeftOut, promtool } from './prometheus-tools.ts';
import { scenarioNames, scenarios, withWorkload, type ScenarioName } from '../scenarios.ts';
import { beginnings } from './alert-beginnings.ts';
import { alertTest, type AlertTest } from './alert-cases.ts';
import { missingMetrics } from './alert-missing-metrics.ts';
import {
  fires,
  HOURS,
  latencies,
  requests,
  RUNBOOK,
  SCRAPE_SECONDS,
  silent,
  STABLE,
  type Recording,
} from './alert-series.ts';
import { logRequest } from '../../../service/observability/logger.ts';
import { RequestRecord } from '../../../service/observability/request-record.ts';
import { HttpProblem } from '../../../service/requests/problem.ts';
import { logInMemory } from '../../../testing/logging.ts';

function contexts(config: DeploymentConfig) {
  return config.workloads.map((workload) => contextOf(workload, config));
}

function groupsOf(name: ScenarioName): RuleGroup[] {
  return contexts(scenarios[name]).flatMap(ruleGroups);
}

/** Every rule of a scenario, as promtool reads it. */
function rulesFile(name: ScenarioName): string {
  return stringify({ groups: groupsOf(name) });
}

/** Runs a test of some rules with promtool. */
function testRules(groups: RuleGroup[], name: string, { evaluateEvery = '1m', interval = '1m', ...test }: AlertTest) {
  const tests = {
    rule_files: ['rules.yaml'],
    evaluation_interval: evaluateEvery,
    // Else in any order: an alert would look for ratios that are not recorded yet.
    group_eval_order: groups.map((group) => group.name),
    tests: [{ interval, name, ...test }],
  };
  return promtool(['test', 'rules', 'tests.yaml'], {
    'rules.yaml': stringify({ groups }),
    'tests.yaml': stringify(tests),
  });
}

function alertNames(name: ScenarioName): string[] {
  return groupsOf(name).flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
}

describe.skipIf(isLeftOut('promtool'))('promtool', () => {
  it.each(scenarioNames)('finds no fault in the rules of %s', async (name) => {
    const output = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'], {
      'rules.yaml': rulesFile(name),
    });
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
  });

  const cases = { ...alertTest, ...beginnings, ...missingMetrics };

  it.each(Object.keys(cases))('%s', async (name) => {
    const { scenario = 'everything', ...test } = cases[name] ?? expect.fail();
    expect(await testRules(groupsOf(scenario), name, test)).toContain('SUCCESS');
  });

  it.each([50, 80, 90, 93])('an outage is reported although the objective is %d %%', async (percent) => {
    const objectives = { availabilityPercent: percent, latencyPercent: percent };
    const config = withWorkload({
      observability: { alerts: { objectives, runbookUrl: RUNBOOK } },
    });
    const groups = contexts(config).flatMap(ruleGroups);
    const failures: AlertTest = {
      input_series: [requests(STABLE, 200, 1, 2 * HOURS), requests(STABLE, 503, 99, 2 * HOURS)],
      alert_rule_test: [
        fires('AvailabilityBurnsFast', '2h', 'critical', `99% of the requests fail; at most ${100 - percent} % may.`),
      ],
    };
    const slowness: AlertTest = {
      input_series: latencies(1, 100, 2 * HOURS),
      alert_rule_test: [fires('LatencyBurnsFast', '2h', 'critical', '99% of the requests take longer than 2.5 s.')],
    };
    expect(await testRules(groups, 'failures', failures)).toContain('SUCCESS');
    expect(await testRules(groups, 'slowness', slowness)).toContain('SUCCESS');
  });
});

describe('recorded windows', () => {
  const groups = groupsOf('everything');
  const windowsOf = ({ rules }: RuleGroup) =>
    rules.flatMap(({ record }) => /(?:rate|increase)(\d+[mhd])$/.exec(record ?? '')?.[1] ?? []);
  const seldom = groups.filter(({ interval }) => interval !== undefined);

  it('of days are evaluated less often, and the others are not', () => {
    expect(new Set(seldom.flatMap(windowsOf))).toEqual(new Set(['1d', '3d']));
    const others = groups.filter((group) => !seldom.includes(group));
    expect(new Set(others.flatMap(windowsOf))).toEqual(new Set(['5m', '30m', '1h', '2h', '6h']));
  });

  it('have a value at all times, as Prometheus looks back by five minutes', () => {
    expect(seldom.map(({ interval }) => interval)).toEqual(['3m']);
  });

  it('of days are not what alerts on users being affected now wait for', () => {
    const now = groups.flatMap(({ rules }) => rules).filter(({ labels }) => labels?.['severity'] === 'critical');
    expect(now.map(({ alert }) => alert)).toContain('AvailabilityBurnsFast');
    for (const { alert, expr } of now) expect(expr, alert).not.toMatch(/(rate|increase)[13]d/);
  });
});

describe.skipIf(isLeftOut('promtool'))('the series recorded beside 200 slow bodies', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('../../fixtures/recorded/slow-bodies.json', import.meta.url), 'utf8'),
  ) as Recording;
  const minutes = ((recorded[0]?.values.split(' ').length ?? 0) * SCRAPE_SECONDS) / 60;
  const last = (labels: RegExp): number =>
    recorded
      .filter(({ series }) => series.startsWith(`${METRICS.requests}{`) && labels.test(series))
      .reduce((sum, { values }) => sum + Number(values.split(' ').at(-1)), 0);
  const alertsAtTheEnd = async (input_series: Recording, alert_rule_test: readonly object[]): Promise<string> =>
    promtool(['test', 'rules', 'tests.yaml'], {
      'rules.yaml': rulesFile('everything'),
      'tests.yaml': stringify({
        rule_files: ['rules.yaml'],
        evaluation_interval: '1m',
        group_eval_order: groupsOf('everything').map((group) => group.name),
        tests: [{ interval: `${SCRAPE_SECONDS}s`, input_series, alert_rule_test }],
      }),
    });

  it('hold bodies that stalled, deadlines that clients had shortened, and answers, but no refusal of honest clients', () => {
    expect(last(/status="408"/)).toBeGreaterThan(1000);
    expect(last(/outcome="client_deadline"/)).toBeGreaterThan(100);
    expect(last(/outcome="answered"/)).toBeGreaterThan(1000);
    expect(last(/route="\/predict",status="(429|503)"/)).toBe(0);
  });

  it('leave the alerts silent', async () => {
    const names = ['AvailabilityBurnsFast', 'AvailabilityBurnsSlowly', 'LatencyBurnsFast', 'QueueSaturated'];
    const tests = names.map((name) => silent(name, `${minutes}m`));
    expect(await alertsAtTheEnd(recorded, tests)).toContain('SUCCESS');
  });

  it('would not if the service were to blame', async () => {
    const blamed = recorded.map(({ series, values }) => ({
      series: series.replace(/status="408",outcome="refused"/, 'status="503",outcome="failed"'),
      values,
    }));
    const tests = [silent('AvailabilityBurnsFast', `${minutes}m`)];
    await expect(alertsAtTheEnd(blamed, tests)).rejects.toThrow('AvailabilityBurnsFast');
  });
});

/** What kube-state-metrics exports about Deployments and pods; everything else is the server's own. */
const CLUSTER_METRICS = [
  'kube_deployment_status_replicas_ready',
  'kube_deployment_created',
  'kube_pod_status_ready',
  'kube_pod_status_unschedulable',
];

/** Names of metrics in an expression: words before a brace. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{/g)].map((match) => match[1] ?? '');
}

/** The metric that a histogram's series belong to. */
function familyOf(series: string): string {
  return series.replace(/_(bucket|sum|count)$/, '');
}

describe('queries', () => {
  it.each(scenarioNames)('of %s name metrics that the server or the cluster has', (name) => {
    for (const context of contexts(scenarios[name])) {
      const { always, latency, load, requests } = context.server.metrics;
      const own =
        context.workload.server.kind === 'ofa-ve'
          ? Object.values<string>(METRICS)
          : [always, latency, requests, ...load];
      const rules = ruleGroups(context).flatMap((group) => group.rules);
      const recorded = rules.flatMap(({ record }) => record ?? []);
      const known = new Set([...own, ...recorded, ...CLUSTER_METRICS]);
      const expressions = [
        ...rules.map(({ expr }) => expr),
        ...panelDrafts(context).flatMap(({ queries }) => queries.map(({ expr }) => expr)),
        ...adapterRules(context).flatMap(({ seriesQuery, metricsQuery }) => [seriesQuery, metricsQuery]),
      ];
      for (const expr of expressions) {
        const used = metricsIn(expr);
        expect(used.length, expr).toBeGreaterThan(0);
        for (const metric of used) expect([...known], expr).toContain(familyOf(metric));
      }
    }
  });
});

describe('the runbook', () => {
  const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');
  const headings = [...runbook.matchAll(/^## (\w+)$/gm)].map((match) => match[1] ?? '');
  const names = [...new Set(scenarioNames.flatMap(alertNames))];

  it('has exactly one entry for every alert', () => {
    expect([...headings].sort()).toEqual([...names].sort());
  });

  it('has kubectl print the logs of all pods of a selector in full, which it cuts to ten lines of each', () => {
    const commands = [...runbook.matchAll(/kubectl [^`]*? logs -l [^`|]*/g)].map(([command]) => command);
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) expect(command).toContain('--tail=-1');
  });

  it('finds failed requests, errors and what ends the service in the log, and not every request', () => {
    const pattern = new RegExp(/grep -E '("level":[^']+)'/.exec(runbook)?.[1] ?? expect.fail());
    const { logger, lines } = logInMemory();
    const base = { method: 'POST', route: '/predict', requestId: 'a', record: new RequestRecord() };
    const problem = new HttpProblem('unavailable', 'no engine');
    logRequest(logger, { ...base, status: 200, problem: undefined });
    logRequest(logger, { ...base, status: 503, problem });
    logRequest(logger, { ...base, status: 500, problem: new HttpProblem('internal', 'a bug') });
    logger.fatal('giving up');
    expect(lines().map((line) => pattern.test(JSON.stringify(line)))).toEqual([false, true, true, true]);
  });

  it('is where every alert points to', () => {
    for (const { alert, annotations } of groupsOf('everything').flatMap(({ rules }) => rules))
      if (alert !== undefined) expect(annotations?.['runbook_url']).toMatch(new RegExp(`#${alert.toLowerCase()}$`));
  });
});
