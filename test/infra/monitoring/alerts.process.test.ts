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
