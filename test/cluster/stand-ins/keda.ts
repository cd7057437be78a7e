import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, ApiObject } from '../control-plane/api-client.ts';
import { until } from '../wait.ts';

interface ScaledObject extends ApiObject {
  readonly metadata: ApiObject['metadata'] & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly scaleTargetRef: unknown;
    readonly minReplicaCount: number;
    readonly maxReplicaCount: number;
    readonly advanced: {
      readonly horizontalPodAutoscalerConfig: { readonly name: string; readonly behavior: unknown };
    };
  };
}

/** See {@link actAsKeda}. */
export interface Keda {
  stop(): Promise<void>;
  /** Waits until every ScaledObject has its autoscaler. */
  untilTakenOver(): Promise<void>;
}

/** Annotation by which KEDA takes over an autoscaler of the same name; without it, KEDA refuses. */
const TRANSFER = 'scaledobject.keda.sh/transfer-hpa-ownership';

/**
 * Stands in for KEDA's operator in a namespace: makes the HorizontalPodAutoscaler of each ScaledObject, owned by it, or
 * takes over the one that has its name. Its metric has no values, as in a cluster whose Prometheus is away.
 */
export function actAsKeda(client: ApiClient, namespace: string): Keda {
  const autoscalers = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
  const scaledObjects = `/apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledobjects`;
  const stop = new AbortController();
  const missing = async (): Promise<ScaledObject[]> => {
    const [wanted, present] = [
      await client.get<{ items: ScaledObject[] }>(scaledObjects),
      await client.get<{ items: { metadata: { ownerReferences?: { uid: string }[] } }[] }>(autoscalers),
    ];
    const owners = new Set(
      present.items.flatMap(({ metadata }) => metadata.ownerReferences ?? []).map(({ uid }) => uid),
    );
    return wanted.items.filter(({ metadata }) => !owners.has(metadata.uid ?? ''));
  };
  const reconcile = async (): Promise<void> => {
    for (const object of await missing()) {
      const { name } = object.spec.advanced.horizontalPodAutoscalerConfig;
      const isThere = await client.exists(`${autoscalers}/${name}`);
      if (isThere && object.metadata.annotations?.[TRANSFER] !== 'true') continue;
      if (isThere) await client.patch(`${autoscalers}/${name}`, autoscalerOf(object));
      else await client.post(autoscalers, autoscalerOf(object));
    }
  };
  const running = (async () => {
    while (!stop.signal.aborted) {
      await reconcile();
      await sleep(500);
    }
  })();
  return {
    untilTakenOver: () => until('KEDA has taken over', async () => (await missing()).length === 0, 60),
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

function autoscalerOf({ metadata, spec }: ScaledObject) {
  const { name, behavior } = spec.advanced.horizontalPodAutoscalerConfig;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name,
      ownerReferences: [
        {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'ScaledObject',
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
        },
      ],
    },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicaCount,
      maxReplicas: spec.maxReplicaCount,
      behavior,
      metrics: [
        {
          type: 'External',
          external: { metric: { name: 's0-prometheus' }, target: { type: 'AverageValue', averageValue: '8' } },
        },
      ],
    },
  };
}
