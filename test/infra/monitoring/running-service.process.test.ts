import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IProbe } from 'kubernetes-models/v1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER_ROUTES, METRICS } from '../../../service/contract.ts';
import { adapterRules } from '../../../infra/monitoring/adapter-rules.ts';
import { ruleGroups } from '../../../infra/monitoring/alerts.ts';
import { panelDrafts } from '../../../infra/monitoring/dashboard-panels.ts';
import { podNamePattern } from '../../../infra/workload/names.ts';
import { contextOf } from '../../../infra/workload/context.ts';
import { predictBody, send } from '../../e2e/client.ts';
import { grpcClients } from '../../e2e/grpc/grpc-client.ts';
import { fixturePackage } from '../../../testing/fixtures.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { serve, type TestService } from '../../e2e/service.ts';
import { deployments, manifestsOf, ofKind, serverOf } from '../manifests.ts';
import { PrometheusServer, type Sample } from './prometheus-server.ts';
import { isLeftOut, promtool } from './prometheus-tools.ts';
import { scenarios } from '../scenarios.ts';

const config = scenarios.everything;
const [workload] = config.workloads;
const context = contextOf(workload ?? expect.fail(), config);
const POD = 'ofa-ve-5d8f7c9b4-x2x2x';
/** A client's key, which one of the panels counts. */
const KEY = 'running-service';
const CANARY_POD = 'ofa-ve-canary-6f6f6f6f6f-z4z4z';

const connect = grpcClients();
let service: TestService;

beforeAll(async () => {
  const keys = join(tempFolder(), 'keys');
  await writeFile(keys, `${createHash('sha256').update(KEY).digest('hex')} shop\n`);
  // With the cache, whose lookups one of the panels shows.
  const settings = { MODEL_DIR: await fixturePackage('mini-none'), API_KEYS_FILE: keys, FEATURE_CACHE_MB: 16 };
  service = await serve(settings);
});

afterAll(async () => {
  await service.stop();
});

async function ask(): Promise<void> {
  const headers = { 'x-api-key': KEY };
  const { status } = await send(`${service.url}/predict`, await predictBody('a red circle'), { headers }).outcome;
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

it('serves the metrics at the path of monitor and annotations, and not on the public port', async () => {
  const path = context.server.paths.metrics;
  expect((await fetch(`${service.adminUrl}${path}`)).status).toBe(200);
  expect((await fetch(`${service.url}${path}`)).status).toBe(404);
});

it('exports every metric that alerts, panels and scaling use', async () => {
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
    prometheus = await PrometheusServer.start({
      target: new URL(service.adminUrl).host,
      pods: [POD, CANARY_POD].map((pod) => ({ namespace: config.namespace.name, pod })),
      // All at the interval of the configuration.
      groups: ruleGroups(context).map(({ name, rules }) => ({ name, rules })),
    });
  });

  afterAll(() => prometheus[Symbol.asyncDispose]());

  /** What the adapter gets when the autoscaler asks for the pods of a Deployment. */
  const adapterSamples = async (): Promise<Sample[][]> =>
    Promise.all(
      adapterRules(context).map(({ metricsQuery }) =>
        prometheus.query(
          metricsQuery
            .replaceAll('<<.LabelMatchers>>', `namespace="${config.namespace.name}",pod=~"${POD}|other"`)
            .replaceAll('<<.GroupBy>>', 'pod'),
        ),
      ),
    );

  /** What KEDA gets for each of its triggers, if the pods are in a namespace. */
  const kedaSamples = async (namespace: string): Promise<Sample[][]> => {
    const [scaled] = ofKind(manifestsOf(scenarios.keda), 'ScaledObject');
    const { triggers } = scaled?.['spec'] as { triggers: { metadata: { query?: string } }[] };
    const queries = triggers.flatMap(({ metadata }) => metadata.query ?? []);
    return Promise.all(
      queries.map((query) => prometheus.query(query.replaceAll('namespace="ofa-ve"', `namespace="${namespace}"`))),
    );
  };

  it('distinguishes the pods of both versions by their names', () => {
    expect(POD).toMatch(new RegExp(`^${podNamePattern(context, 'stable')}$`));
    expect(CANARY_POD).toMatch(new RegExp(`^${podNamePattern(context, 'canary')}$`));
    expect(CANARY_POD).not.toMatch(new RegExp(`^${podNamePattern(context, 'stable')}$`));
  });

  it('finds the series of the adapter before the first request, and gives an idle pod 0', async () => {
    for (const { seriesQuery } of adapterRules(context))
      expect((await prometheus.query(seriesQuery)).length).toBeGreaterThan(0);
    const idle = { metric: { pod: POD }, value: 0 };
    expect(await adapterSamples()).toEqual([[idle], [idle]]);
  });

  it('gives KEDA 0 before the first request, and nothing about pods that are not scraped', async () => {
    const zero = [{ metric: {}, value: 0 }];
    expect(await kedaSamples('ofa-ve')).toEqual([zero, zero]);
    // KEDA takes nothing for a failure, and falls back.
    expect(await kedaSamples('elsewhere')).toEqual([[], []]);
  });

  describe('after some requests', () => {
    beforeAll(async () => {
      // The first request makes some series, the next ones a rate.
      await ask();
      await prometheus.until(`count(${METRICS.requests}{route="/predict",status="200"} > 0) == 2`);
      await ask();
      await ask();
      await prometheus.until(`count(${METRICS.requests}{route="/predict",status="200"} > 1) == 2`);
      // Each pod is read at a moment of its own.
      await prometheus.until(`count(rate(${METRICS.requests}{route="/predict",status="200"}[1m]) > 0) == 2`);
    });

    it('gives the adapter the load and the requests of the pod', async () => {
      const [load, requests] = await adapterSamples();
      expect(load).toEqual([{ metric: { pod: POD }, value: 0 }]);
      expect(requests?.map(({ metric }) => metric)).toEqual([{ pod: POD }]);
      expect(requests?.[0]?.value).toBeGreaterThan(0);
    });

    it('gives KEDA one value for all pods, for each of its triggers', async () => {
      const samples = await kedaSamples('ofa-ve');
      expect(samples.map(({ length }) => length)).toEqual([1, 1]);
      expect(samples[1]?.[0]?.value).toBeGreaterThan(0);
    });

    it('evaluates every rule without an error', async () => {
      const rules = await prometheus.rules();
      expect(rules.length).toBeGreaterThan(20);
      expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
    });

    it('draws one line of engine restarts while there are none', async () => {
      const { queries } = panelDrafts(context).find(({ title }) => title === 'Engine restarts') ?? expect.fail();
      const answers = await Promise.all(queries.map(({ expr }) => prometheus.query(expr)));
      const zero = [{ metric: {}, value: 0 }];
      // Of each version.
      expect(answers).toEqual([zero, [], zero, []]);
    });

    it('has a value for every panel that needs no GPU', async () => {
      for (const { title, queries } of panelDrafts(context)) {
        for (const { expr } of queries) {
          const samples = await prometheus.query(expr.replaceAll('$__rate_interval', '1m'));
          // Exceptions are drawn where there are some.
          if (title.startsWith('GPU') || expr.endsWith(' > 0')) continue;
          expect(samples.length, `${title}: ${expr}`).toBeGreaterThan(0);
        }
      }
    });
  });
});

// After Prometheus, which has to see the service before its first request.
it('counts requests for answers under the routes of objectives and scaling', async () => {
  for (const route of ANSWER_ROUTES.filter((path) => !path.startsWith('/inference.')))
    await fetch(`${service.url}${route.replace(':name', 'mini-none')}`, { method: 'POST', body: '{}' });
  expect((await connect(service).infer({}).answer).code).not.toBe(0);
  const text = await (await fetch(`${service.adminUrl}${context.server.paths.metrics}`)).text();
  for (const route of ANSWER_ROUTES) expect(text).toContain(`${METRICS.requests}{route="${route}",status="4`);
});

it.skipIf(isLeftOut('promtool'))('exports metrics in which promtool finds no fault', async () => {
  const text = await (await fetch(`${service.adminUrl}${context.server.paths.metrics}`)).text();
  expect(await promtool(['check', 'metrics'], {}, text)).toBe('');
});
