import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { AdapterRule } from '../../../infra/monitoring/adapter-rules.ts';
import type { PodReading } from '../../../plan/autoscaler.ts';
import { freePort } from '../../../testing/free-port.ts';
import { MetricsApis, type MetricsSource } from '../stand-ins/metrics-apis.ts';
import { ServiceLoad, type LoadPhase, type PodCapacity } from '../stand-ins/service-load.ts';
import { until } from '../wait.ts';
import { writeFormatted } from '../write-formatted.ts';
import { attempt, type Cluster, type Result } from './check.ts';
import { OperatedDeployment } from './deployment.ts';

const DECISIONS = fileURLToPath(new URL('../hpa-decisions.json', import.meta.url));
const START_MS = 120_000;
/** The autoscaler's sync period, in seconds. */
const SYNC_SECONDS = 15;
/** Six pods are needed at 55 requests per second and a target of 10, and two are the fewest. */
const PHASES: readonly LoadPhase[] = [
  { fromSecond: 0, requestsPerSecond: 12 },
  { fromSecond: 30, requestsPerSecond: 55 },
  { fromSecond: 220, requestsPerSecond: 4 },
];
const FEWEST = 2;
/** The last phase, the stabilization, and three more steps, with some to spare. */
const LIMIT_SECOND = 220 + 600 + 3 * 180 + 300;
const CAPACITY: PodCapacity = { requestsPerSecond: 20, answerSeconds: 0.25 };

/** The cluster at one moment. */
interface Sample {
  readonly second: number;
  readonly requestsPerSecond: number;
  readonly readyPods: number;
  /** Pods that the autoscaler wants. */
  readonly desiredPods: number;
}

/** What the autoscaler based a decision on. */
interface Reading {
  readonly second: number;
  /** The Deployment's `replicas`. */
  readonly replicas: number;
  readonly metric: string;
  readonly pods: readonly PodReading[];
}

/** All that is recorded from the start of the load on. */
interface Recording {
  readonly samples: Sample[];
  readonly readings: Reading[];
}

interface Autoscaler {
  readonly spec: unknown;
  readonly status: {
    readonly desiredReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

/**
 * The autoscaler on the shipped rules, by a real Prometheus: up from 2 to 6 pods under a load, and back after it. Writes
 * its decisions to hpa-decisions.json.
 *
 * @param startSeconds of the pool's pods
 */
export async function* checkAutoscaling(cluster: Cluster, pool: string, startSeconds: number): AsyncGenerator<Result> {
  const { plane, pods } = cluster;
  const deployment = new OperatedDeployment(cluster, 'scaling', pool);
  await deployment.change(deployment.config({}));
  const load = new ServiceLoad(pods, deployment.podsOf('stable'), PHASES, CAPACITY);
  try {
    const prometheus = await startPrometheus(cluster, await load.listen());
    const name = `/api/v1/namespaces/${deployment.namespace}/configmaps/${deployment.namespace}-adapter-rules`;
    const { data } = await plane.client.get<{ data: { 'config.yaml': string } }>(name);
    const { rules } = parse(data['config.yaml']) as { rules: AdapterRule[] };
    const recording: Recording = { samples: [], readings: [] };
    const deploymentPath = `/apis/apps/v1/namespaces/${deployment.namespace}/deployments/ofa-ve`;
    const source: MetricsSource = {
      rules,
      prometheus,
      coresOf: (pod) => load.coresOf(pod),
      onReading: async (metric, read) => {
        const second = rounded(load.second);
        const { spec } = await plane.client.get<{ spec: { replicas: number } }>(deploymentPath);
        recording.readings.push({ second, replicas: spec.replicas, metric, pods: read });
      },
    };
    const apis = await MetricsApis.start(plane.client, source, plane.certificate);
    try {
      yield await attempt('2 to 6 pods under a load, and back, on the shipped rules', async () => {
        const spec = await record(cluster, deployment, load, recording);
        await writeDecisions(recording, spec, startSeconds);
        return judge(recording.samples);
      });
    } finally {
      await apis.stop();
    }
  } finally {
    await load.stop();
  }
}

async function record(
  { plane, pods }: Cluster,
  deployment: OperatedDeployment,
  load: ServiceLoad,
  { samples, readings }: Recording,
): Promise<unknown> {
  const address = `/apis/autoscaling/v2/namespaces/${deployment.namespace}/horizontalpodautoscalers/ofa-ve`;
  let autoscaler = await plane.client.get<Autoscaler>(address);
  await until('the autoscaler reads its metrics', async () => {
    autoscaler = await plane.client.get<Autoscaler>(address);
    return (
      autoscaler.status.conditions?.some(({ type, status }) => type === 'ScalingActive' && status === 'True') ?? false
    );
  });
  load.begin();
  readings.length = 0;
  const last = PHASES.at(-1)?.fromSecond ?? 0;
  const isOver = () => load.second > last && samples.at(-1)?.desiredPods === FEWEST;
  while (load.second < LIMIT_SECOND && !isOver()) {
    const { status } = await plane.client.get<Autoscaler>(address);
    samples.push({
      second: rounded(load.second),
      requestsPerSecond: load.requestsPerSecond,
      readyPods: pods.readyCount(deployment.podsOf('stable')),
      desiredPods: status.desiredReplicas ?? 0,
    });
    await sleep(1000);
  }
  return autoscaler.spec;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

/** The samples in which something changed, and the last one. */
function changesIn(samples: readonly Sample[]): Sample[] {
  const key = ({ requestsPerSecond, readyPods, desiredPods }: Sample) =>
    [requestsPerSecond, readyPods, desiredPods].join();
  return samples.filter((sample, index) => {
    const previous = samples[index - 1];
    return previous === undefined || key(previous) !== key(sample) || index === samples.length - 1;
  });
}

async function writeDecisions({ samples, readings }: Recording, spec: unknown, startSeconds: number): Promise<void> {
  const record = {
    phases: PHASES,
    capacity: CAPACITY,
    podStartSeconds: startSeconds,
    syncSeconds: SYNC_SECONDS,
    spec,
    samples: changesIn(samples),
    readings,
  };
  await writeFormatted(DECISIONS, JSON.stringify(record, undefined, 2));
}

function judge(samples: readonly Sample[]): string {
  const decisions = samples.filter(({ desiredPods }, index) => desiredPods !== samples[index - 1]?.desiredPods);
  const path = decisions.map(({ second, desiredPods }) => `${desiredPods} at ${second} s`).join(', ');
  const pods = decisions.map(({ desiredPods }) => desiredPods);
  if (pods.join() !== '2,4,6,5,4,3,2') throw new Error(`the autoscaler decided: ${path}`);
  return path;
}

async function startPrometheus({ plane, programs }: Cluster, service: string): Promise<string> {
  const folder = path.join(plane.folder, 'prometheus');
  await mkdir(folder);
  const file = path.join(folder, 'prometheus.yaml');
  const config = {
    global: { scrape_interval: '15s' },
    scrape_configs: [{ job_name: 'pods', http_sd_configs: [{ url: `${service}/targets`, refresh_interval: '5s' }] }],
  };
  await writeFile(file, stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  plane.processes.start('prometheus', programs.prometheus, [
    `--config.file=${file}`,
    `--storage.tsdb.path=${path.join(folder, 'data')}`,
    `--web.listen-address=${address}`,
  ]);
  const isReady = async () => {
    const { ok } = await fetch(`http://${address}/-/ready`);
    if (!ok) throw new Error('Prometheus is not ready');
  };
  await plane.processes.until('prometheus', isReady, START_MS);
  return `http://${address}`;
}
