import type { IProbe } from 'kubernetes-models/v1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../service/contract.ts';
import { adapterRules } from '../../infra/constructs/adapter-rules.ts';
import { ruleGroups } from '../../infra/constructs/alerts.ts';
import { panelDrafts } from '../../infra/constructs/dashboard-panels.ts';
import { contextOf, podNamePattern } from '../../infra/constructs/naming.ts';
import { predictBody, send } from '../e2e/client.ts';
import { compileFixture } from '../e2e/packages.ts';
import { serve, temporaryFolder } from '../e2e/service.ts';
import type { TestService } from '../e2e/service.ts';
import { deployments, manifestsOf, ofKind, serverOf } from './manifests.ts';
import { PrometheusServer } from './prometheus-server.ts';
import { isLeftOut } from './prometheus-tools.ts';
import { scenarios } from './scenarios.ts';

const config = scenarios['everything'] ?? expect.fail();
const [workload] = config.workloads;
const context = contextOf(workload ?? expect.fail(), config.namespace.name, config.kubernetesVersion);
const POD = 'ofa-ve-5d8f7c9b4-x2x2x';

let service: TestService;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  service = await serve({ MODEL_DIR: await compileFixture('mini-none', folder.path) });
});

afterAll(async () => {
  await service.stop();
  await folder[Symbol.asyncDispose]();
});

async function ask(): Promise<void> {
  const { status } = await send(`${service.url}/predict`, await predictBody('a red circle')).outcome;
  expect(status).toBe(200);
}

it('answers every probe on the port that the pod names', async () => {
  const [deployment] = deployments(manifestsOf(config));
  const { startupProbe, livenessProbe, readinessProbe } = serverOf(deployment ?? expect.fail());
  const address = ({ httpGet }: IProbe = {}) =>
    `${httpGet?.port === 'http' ? service.url : service.adminUrl}${httpGet?.path ?? ''}`;
  for (const probe of [startupProbe, livenessProbe, readinessProbe])
    expect((await fetch(address(probe))).status, address(probe)).toBe(200);
});

it('serves the metrics where the monitor and the annotations look, and not on the public port', async () => {
  const path = context.server.paths.metrics;
  expect((await fetch(`${service.adminUrl}${path}`)).status).toBe(200);
  expect((await fetch(`${service.url}${path}`)).status).toBe(404);
});

it('exports every metric that an alert, a panel or the scaling asks for', async () => {
  const text = await (await fetch(`${service.adminUrl}${context.server.paths.metrics}`)).text();
  const exported = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1]));
  const expressions = [
    ...ruleGroups(context).flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ...panelDrafts(context).flatMap(({ queries }) => queries.map(({ expr }) => expr)),
    ...adapterRules(context).map(({ metricsQuery }) => metricsQuery),
  ];
  const asked = new Set(expressions.flatMap((expr) => expr.match(/ofa_ve_[a-z_]+/g) ?? []));
  const families = [...asked].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect(families.length).toBeGreaterThan(10);
  for (const name of families) expect([...exported]).toContain(name);
});

describe.skipIf(isLeftOut('prometheus'))('a real Prometheus', () => {
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    // The first request makes the series, the next ones a rate.
    await ask();
    prometheus = await PrometheusServer.start({
      target: new URL(service.adminUrl).host,
      labels: { namespace: config.namespace.name, pod: POD },
      groups: ruleGroups(context),
    });
    await ask();
    await ask();
    await prometheus.until(`rate(${METRICS.requests}{route="/predict"}[2m]) > 0`);
  });

  afterAll(() => prometheus[Symbol.asyncDispose]());

  it('selects the pod by the pattern of its name', () => {
    expect(POD).toMatch(new RegExp(`^${podNamePattern(context, 'stable')}$`));
    expect(POD).not.toMatch(new RegExp(`^${podNamePattern(context, 'canary')}$`));
  });

  it('gives the adapter a value for the pod, for each of its rules', async () => {
    const rules = adapterRules(context);
    expect(rules.map(({ name }) => name.as)).toEqual(['ofa_ve_load_items', 'ofa_ve_requests_per_second']);
    for (const { seriesQuery, metricsQuery } of rules) {
      expect((await prometheus.query(seriesQuery)).length).toBeGreaterThan(0);
      // What the adapter fills in when the autoscaler asks for the pods of a Deployment.
      const asked = metricsQuery
        .replaceAll('<<.LabelMatchers>>', `namespace="${config.namespace.name}",pod=~"${POD}|other"`)
        .replaceAll('<<.GroupBy>>', 'pod');
      const samples = await prometheus.query(asked);
      expect(samples.map(({ metric }) => metric)).toEqual([{ pod: POD }]);
      expect(samples[0]?.value).toBeGreaterThanOrEqual(0);
    }
  });

  it('gives KEDA one value for all pods, for each of its triggers', async () => {
    const [scaled] = ofKind(manifestsOf(scenarios['keda'] ?? expect.fail()), 'ScaledObject');
    const { triggers } = scaled?.['spec'] as { triggers: { metadata: { query?: string } }[] };
    const queries = triggers.flatMap(({ metadata }) => metadata.query ?? []);
    expect(queries).toHaveLength(2);
    for (const query of queries) expect(await prometheus.query(query)).toHaveLength(1);
  });

  it('evaluates every rule without an error', async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
  });

  it('has a value for every panel that needs no GPU', async () => {
    for (const { title, queries } of panelDrafts(context)) {
      for (const { expr } of queries) {
        const samples = await prometheus.query(expr.replaceAll('$__rate_interval', '1m'));
        if (title.startsWith('GPU')) continue;
        expect(samples.length, `${title}: ${expr}`).toBeGreaterThan(0);
      }
    }
  });
});
