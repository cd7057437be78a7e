import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type ApiClient } from '../control-plane/api-client.ts';
import type { Pod, Pods } from './pods.ts';

/** Seconds between two heartbeats of a node. */
const HEARTBEAT_SECONDS = 20;

/** Label by which pods choose a pool of nodes. */
export const POOL_LABEL = 'node.example.com/pool';

/** What the nodes have, and how fast their pods are. */
export interface NodesOptions {
  /** Value of their label {@link POOL_LABEL}. */
  readonly pool: string;
  readonly count: number;
  /** `nvidia.com/gpu` of each node. */
  readonly gpus: number;
  /** Seconds from placing a pod until it is ready. */
  readonly startSeconds: number;
  /** Seconds that a pod needs to end, if its grace period is no shorter. */
  readonly stopSeconds: number;
}

/**
 * Stands in for the kubelets of nodes: registers them, says of each pod that is placed on one that it runs and, after a
 * while, that it is ready, and ends pods that are deleted. It runs no containers.
 */
export class Nodes {
  readonly #client: ApiClient;
  readonly #options: NodesOptions;
  readonly #halt = new AbortController();
  readonly #work = new Set<Promise<void>>();
  readonly #seen = new Set<string>();
  readonly #names: readonly string[];
  readonly #forget: () => void;

  private constructor(client: ApiClient, pods: Pods, options: NodesOptions) {
    this.#client = client;
    this.#options = options;
    this.#names = Array.from({ length: options.count }, (_, index) => `${options.pool}-${index + 1}`);
    this.#forget = pods.onChange((pod) => {
      this.#onPod(pod);
    });
  }

  static async start(client: ApiClient, pods: Pods, options: NodesOptions): Promise<Nodes> {
    const nodes = new Nodes(client, pods, options);
    for (const [index, name] of nodes.#names.entries()) {
      await client.post('/api/v1/nodes', nodeNamed(name, options.pool, `zone-${index % 3}`));
      await nodes.#beat(name);
    }
    nodes.#run(async () => {
      for (;;) {
        await nodes.#pause(HEARTBEAT_SECONDS);
        for (const name of nodes.#names) await nodes.#beat(name);
      }
    });
    return nodes;
  }

  async stop(): Promise<void> {
    this.#forget();
    this.#halt.abort();
    await Promise.all(this.#work);
  }

  async #beat(name: string): Promise<void> {
    const path = `/api/v1/nodes/${name}/status`;
    await this.#client.patch(path, { status: nodeStatus(this.#options.gpus) }, 'strategic');
  }

  #onPod(pod: Pod): void {
    if (!this.#names.includes(pod.spec.nodeName ?? '')) return;
    const isEnding = pod.metadata.deletionTimestamp !== undefined;
    const key = `${pod.metadata.uid} ${isEnding ? 'end' : 'start'}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (isEnding) this.#run(() => this.#end(pod));
    else if (pod.status.phase === 'Pending') this.#run(() => this.#begin(pod));
  }

  async #begin(pod: Pod): Promise<void> {
    const podIP = nextAddress();
    const path = `${pathOf(pod)}/status`;
    await this.#client.patch(path, { status: podStatus(pod, podIP, false) }, 'strategic');
    await this.#pause(this.#options.startSeconds);
    if (this.#seen.has(`${pod.metadata.uid} end`)) return;
    await this.#client.patch(path, { status: podStatus(pod, podIP, true) }, 'strategic');
  }

  async #end(pod: Pod): Promise<void> {
    const grace = pod.metadata.deletionGracePeriodSeconds ?? 0;
    await this.#pause(Math.min(grace, this.#options.stopSeconds));
    await this.#client.delete(pathOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
  }

  async #pause(seconds: number): Promise<void> {
    await sleep(seconds * 1000, undefined, { signal: this.#halt.signal });
  }

  #run(task: () => Promise<void>): void {
    const running = task()
      .catch((error: unknown) => {
        // The pod is gone already, or replaced.
        const isGone = error instanceof ApiError && [404, 409].includes(error.status);
        if (!isGone && !this.#halt.signal.aborted) throw error;
      })
      .finally(() => this.#work.delete(running));
    this.#work.add(running);
  }
}

let addresses = 0;

function nextAddress(): string {
  const next = addresses++;
  return `10.244.${Math.floor(next / 250)}.${(next % 250) + 1}`;
}

function pathOf({ metadata }: Pod): string {
  return `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
}

function nodeNamed(name: string, pool: string, zone: string) {
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/os': 'linux',
    'topology.kubernetes.io/zone': zone,
    'nvidia.com/gpu.present': 'true',
    [POOL_LABEL]: pool,
  };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
}

function nodeStatus(gpus: number) {
  const now = new Date().toISOString();
  const amounts = {
    cpu: '64',
    memory: '256Gi',
    'ephemeral-storage': '500Gi',
    pods: '110',
    'nvidia.com/gpu': `${gpus}`,
  };
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'StandIn',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return {
    capacity: amounts,
    allocatable: amounts,
    conditions: [
      condition('Ready', 'True'),
      ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => condition(type, 'False')),
    ],
  };
}

function podStatus(pod: Pod, podIP: string, ready: boolean) {
  const now = new Date().toISOString();
  const condition = (type: string, value: boolean) => ({
    type,
    status: value ? 'True' : 'False',
    lastTransitionTime: now,
  });
  return {
    phase: 'Running',
    startTime: now,
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [condition('Initialized', true), condition('ContainersReady', ready), condition('Ready', ready)],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready,
      started: ready,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
}
