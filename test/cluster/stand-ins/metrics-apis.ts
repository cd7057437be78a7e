import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AdapterRule } from '../../../infra/monitoring/adapter-rules.ts';
import type { PodReading } from '../../../plan/autoscaler.ts';
import type { ApiClient } from '../control-plane/api-client.ts';
import type { Pod } from './pods.ts';

/** What the two APIs answer with. */
export interface MetricsSource {
  /** Rules of prometheus-adapter. */
  readonly rules: readonly AdapterRule[];
  /** Address of Prometheus. */
  readonly prometheus: string;
  /** Cores that a pod uses. */
  readonly coresOf: (pod: string) => number;
  /** Called with each answer on a custom metric, before it is sent. Pods that are being deleted are left out. */
  readonly onReading: (metric: string, pods: readonly PodReading[]) => Promise<void>;
}

const CUSTOM = 'custom.metrics.k8s.io/v1beta2';
const RESOURCE = 'metrics.k8s.io/v1beta1';

/**
 * Stands in for prometheus-adapter and metrics-server behind the API server. Values of custom metrics come from a real
 * Prometheus, by the queries of the rules.
 */
export class MetricsApis {
  readonly #client: ApiClient;
  readonly #source: MetricsSource;
  readonly #server: Server;

  private constructor(client: ApiClient, source: MetricsSource, certificate: { cert: string; key: string }) {
    this.#client = client;
    this.#source = source;
    this.#server = createServer(certificate, (request, response) => {
      void this.#answer(request.url ?? '').then(
        (body) => {
          response.statusCode = body === undefined ? 404 : 200;
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(body ?? {}));
        },
        (error: unknown) => {
          response.statusCode = 500;
          response.end(String(error));
        },
      );
    });
  }

  static async start(
    client: ApiClient,
    source: MetricsSource,
    certificate: { cert: string; key: string },
  ): Promise<MetricsApis> {
    const apis = new MetricsApis(client, source, certificate);
    apis.#server.listen(0, '127.0.0.1');
    await once(apis.#server, 'listening');
    const { port } = apis.#server.address() as AddressInfo;
    await client.post('/api/v1/namespaces/default/services', {
      metadata: { name: 'metrics-apis' },
      // An address of this machine, which a Service with endpoints may not have.
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
    });
    for (const groupVersion of [CUSTOM, RESOURCE]) {
      const [group = '', version = ''] = groupVersion.split('/');
      await client.post('/apis/apiregistration.k8s.io/v1/apiservices', {
        metadata: { name: `${version}.${group}` },
        spec: {
          group,
          version,
          service: { name: 'metrics-apis', namespace: 'default', port },
          insecureSkipTLSVerify: true,
          groupPriorityMinimum: 100,
          versionPriority: 100,
        },
      });
    }
    return apis;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(address: string): Promise<unknown> {
    const { pathname: encoded, searchParams } = new URL(address, 'https://localhost');
    const pathname = decodeURIComponent(encoded);
    const labelSelector = searchParams.get('labelSelector') ?? '';
    if (pathname === `/apis/${CUSTOM}`) return resourceList(CUSTOM, 'pods/metrics', 'MetricValueList');
    if (pathname === `/apis/${RESOURCE}`) return resourceList(RESOURCE, 'pods', 'PodMetrics');
    const custom = /^\/apis\/custom\.metrics\.k8s\.io\/v1beta2\/namespaces\/([^/]+)\/pods\/\*\/([^/]+)$/.exec(pathname);
    if (custom !== null) return this.#customMetric(custom[1] ?? '', custom[2] ?? '', labelSelector);
    const resource = /^\/apis\/metrics\.k8s\.io\/v1beta1\/namespaces\/([^/]+)\/pods$/.exec(pathname);
    return resource === null ? undefined : this.#podMetrics(resource[1] ?? '', labelSelector);
  }

  async #podsOf(namespace: string, labelSelector: string): Promise<readonly Pod[]> {
    const query = new URLSearchParams({ labelSelector }).toString();
    return (await this.#client.get<{ items: Pod[] }>(`/api/v1/namespaces/${namespace}/pods?${query}`)).items;
  }

  async #customMetric(namespace: string, metric: string, labelSelector: string): Promise<unknown> {
    const rule = this.#source.rules.find(({ name }) => name.as === metric);
    if (rule === undefined) return undefined;
    const pods = await this.#podsOf(namespace, labelSelector);
    const names = pods.map(({ metadata }) => metadata.name);
    const query = rule.metricsQuery
      .replaceAll('<<.GroupBy>>', 'pod')
      .replaceAll('<<.LabelMatchers>>', `namespace="${namespace}",pod=~"${names.join('|')}"`);
    const timestamp = new Date().toISOString();
    const answers = await this.#query(query);
    const values = new Map(answers.map(({ metric: { pod }, value: [, value] }) => [pod, thousandths(value)]));
    const remaining = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await this.#source.onReading(
      metric,
      remaining.map(({ metadata, status }) => {
        const value = values.get(metadata.name);
        return { pending: status.phase === 'Pending', value: value === undefined ? undefined : value / 1000 };
      }),
    );
    const items = answers.map(({ metric: { pod }, value: [, value] }) => ({
      describedObject: { kind: 'Pod', namespace, name: pod, apiVersion: '/v1' },
      metric: { name: metric },
      timestamp,
      value: `${thousandths(value)}m`,
    }));
    return { kind: 'MetricValueList', apiVersion: CUSTOM, metadata: {}, items };
  }

  async #podMetrics(namespace: string, labelSelector: string): Promise<unknown> {
    const running = (await this.#podsOf(namespace, labelSelector)).filter(({ status }) => status.phase === 'Running');
    const items = running.map(({ metadata: { name, labels }, spec }) => ({
      metadata: { name, namespace, labels },
      timestamp: new Date().toISOString(),
      window: '15s',
      containers: spec.containers.map((container) => ({
        name: container.name,
        usage: { cpu: `${Math.round(this.#source.coresOf(name) * 1000)}m`, memory: '2Gi' },
      })),
    }));
    return { kind: 'PodMetricsList', apiVersion: RESOURCE, metadata: {}, items };
  }

  async #query(query: string): Promise<{ metric: { pod: string }; value: [number, string] }[]> {
    const url = `${this.#source.prometheus}/api/v1/query?${new URLSearchParams({ query }).toString()}`;
    const answer = (await (await fetch(url)).json()) as {
      status: string;
      error?: string;
      data: { result: { metric: { pod: string }; value: [number, string] }[] };
    };
    if (answer.status !== 'success') throw new Error(`${query}: ${answer.error ?? ''}`);
    return answer.data.result;
  }
}

/** A sample of Prometheus, which is text, in thousandths. */
function thousandths(value: string): number {
  return Math.round(Number(value) * 1000);
}

function resourceList(groupVersion: string, name: string, kind: string) {
  const resource = { name, kind, singularName: '', namespaced: true, verbs: ['get', 'list'] };
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [resource] };
}
