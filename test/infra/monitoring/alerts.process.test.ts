import { stringify } from 'yaml';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../service/contract.ts';
import { ruleGroups, type RuleGroup } from '../../../infra/monitoring/alerts.ts';
import { isLeftOut, promtool } from './prometheus-tools.ts';
import { scenarioNames, withWorkload, type ScenarioName } from '../scenarios.ts';
import type { AlertTest } from './alert-cases.ts';
import { allAlertTests, contexts, groupsOf } from './rules.ts';
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

/** Every rule of a scenario, as promtool reads it. */
function rulesFile(name: ScenarioName): string {
  return stringify({ groups: groupsOf(name) });
}

/** The groups that the tested alerts are in, and those that record what these read. */
function groupsRead(groups: readonly RuleGroup[], names: readonly string[]): RuleGroup[] {
  const rules = groups.flatMap((group) => group.rules);
  const tested = rules.filter(({ alert }) => alert !== undefined && names.includes(alert));
  expect(tested.map(({ alert }) => alert)).toEqual(expect.arrayContaining([...names]));
  const isRead = ({ alert, record }: RuleGroup['rules'][number]): boolean =>
    tested.some((test) => test.alert === alert || (record !== undefined && test.expr.includes(record)));
  return groups.filter((group) => group.rules.some(isRead));
}

/**
 * Time between two evaluations. An alert that need not hold for some time is what its expression is at the moment, so it
 * is evaluated at the times of the test alone: of three days in minutes, each takes seconds.
 */
function evaluationInterval(groups: readonly RuleGroup[], { alert_rule_test: tests }: AlertTest): string {
  const names = tests.map(({ alertname }) => alertname);
  const holds = ({ alert = '', for: duration }: RuleGroup['rules'][number]): boolean =>
    names.includes(alert) && duration !== undefined;
  if (groups.some(({ rules }) => rules.some(holds))) return '1m';
  return `${tests.map(({ eval_time }) => secondsOf(eval_time)).reduce(commonDivisor)}s`;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** @param duration such as "1h40m" */
function secondsOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)([hms])/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNIT_SECONDS[unit] ?? NaN), 0);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Runs a test of some rules with promtool. */
function testRules(all: readonly RuleGroup[], name: string, test: AlertTest) {
  const { interval = '1m', input_series, alert_rule_test } = test;
  const groups = groupsRead(
    all,
    alert_rule_test.map(({ alertname }) => alertname),
  );
  const tests = {
    rule_files: ['rules.yaml'],
    evaluation_interval: evaluationInterval(groups, test),
    // Else in any order: an alert would look for ratios that are not recorded yet.
    group_eval_order: groups.map((group) => group.name),
    tests: [{ interval, name, input_series, alert_rule_test }],
  };
  return promtool(['test', 'rules', 'tests.yaml'], {
    'rules.yaml': stringify({ groups }),
    'tests.yaml': stringify(tests),
  });
}

describe.skipIf(isLeftOut('promtool'))('promtool', () => {
  it.each(scenarioNames)('finds no fault in the rules of %s', async (name) => {
    const output = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml'], {
      'rules.yaml': rulesFile(name),
    });
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
  });

  it.each(Object.keys(allAlertTests))('%s', async (name) => {
    const { scenario = 'everything', ...test } = allAlertTests[name] ?? expect.fail();
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

describe.skipIf(isLeftOut('promtool'))('the series recorded beside 200 slow bodies', () => {
  const recorded = JSON.parse(
    readFileSync(new URL('../../fixtures/recorded/slow-bodies.json', import.meta.url), 'utf8'),
  ) as Recording;
  const minutes = ((recorded[0]?.values.split(' ').length ?? 0) * SCRAPE_SECONDS) / 60;
  const last = (labels: RegExp): number =>
    recorded
      .filter(({ series }) => series.startsWith(`${METRICS.requests}{`) && labels.test(series))
      .reduce((sum, { values }) => sum + Number(values.split(' ').at(-1)), 0);
  const alertsAtTheEnd = (input_series: Recording, alert_rule_test: AlertTest['alert_rule_test']): Promise<string> =>
    testRules(groupsOf('everything'), 'recorded', { interval: `${SCRAPE_SECONDS}s`, input_series, alert_rule_test });

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
