import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adapterRules } from '../../../infra/monitoring/adapter-rules.ts';
import { ruleGroups, type RuleGroup } from '../../../infra/monitoring/alerts.ts';
import { panelDrafts } from '../../../infra/monitoring/dashboard-panels.ts';
import { METRICS } from '../../../service/contract.ts';
import { logRequest } from '../../../service/observability/logger.ts';
import { RequestRecord } from '../../../service/observability/request-record.ts';
import { HttpProblem } from '../../../service/requests/problem.ts';
import { logInMemory } from '../../../testing/logging.ts';
import { scenarioNames, scenarios } from '../scenarios.ts';
import { alertNames, allAlertTests, contexts, groupsOf } from './rules.ts';

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

/** The names of all alerts that a deployment may have. */
const names = [...new Set(scenarioNames.flatMap(alertNames))];

it.each(names)(
  '%s has a test in alert-cases.ts or beside it in which it fires, and one in which it does not',
  (name) => {
    const checks = Object.values(allAlertTests).flatMap((test) => test.alert_rule_test);
    const fires = checks.filter(({ alertname }) => alertname === name).map(({ exp_alerts }) => exp_alerts.length > 0);
    expect(new Set(fires)).toEqual(new Set([true, false]));
  },
);

describe('the runbook', () => {
  const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');
  const headings = [...runbook.matchAll(/^## (\w+)$/gm)].map((match) => match[1] ?? '');

  it('has exactly one entry for every alert', () => {
    expect(
      names.filter((name) => !headings.includes(name)),
      'alerts that docs/runbook.md lacks',
    ).toEqual([]);
    expect(
      headings.filter((name) => !names.includes(name)),
      'entries without an alert',
    ).toEqual([]);
    expect(headings).toEqual([...new Set(headings)]);
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
