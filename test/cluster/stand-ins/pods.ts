import type { ApiClient, ApiObject } from '../control-plane/api-client.ts';

/** A pod, as far as the stand-ins and checks read it. */
export interface Pod extends ApiObject {
  readonly metadata: ApiObject['metadata'] & {
    readonly namespace: string;
    readonly uid: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

/** Whether a pod serves: it is ready and not about to end. */
export function isReady({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  return status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Which pods are meant: those of a namespace, and there those with all these labels. */
export interface PodFilter {
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

function picks({ namespace, labels = {} }: PodFilter, { metadata }: Pod): boolean {
  if (metadata.namespace !== namespace) return false;
  return Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);
}

/** Follows all pods of a cluster. */
export class Pods {
  readonly #pods = new Map<string, Pod>();
  readonly #listeners = new Set<(pod: Pod) => void>();
  readonly #end = new AbortController();
  readonly #ended: Promise<void>;

  constructor(client: ApiClient) {
    this.#ended = this.#follow(client);
  }

  /** Calls a function with each pod that appears, changes or ends. Gives a function that stops this. */
  onChange(listener: (pod: Pod) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  select(filter: PodFilter): Pod[] {
    return [...this.#pods.values()].filter((pod) => picks(filter, pod));
  }

  readyCount(filter: PodFilter): number {
    return this.select(filter).filter(isReady).length;
  }

  /** Records the fewest ready pods that there are from now on. */
  recordFewestReady(filter: PodFilter): { readonly stop: () => number } {
    let fewest = this.readyCount(filter);
    const end = this.onChange(() => {
      fewest = Math.min(fewest, this.readyCount(filter));
    });
    return {
      stop: () => {
        end();
        return fewest;
      },
    };
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#ended;
  }

  async #follow(client: ApiClient): Promise<void> {
    try {
      for await (const { type, object } of client.watch<Pod>('/api/v1/pods', this.#end.signal)) {
        if (type === 'DELETED') this.#pods.delete(object.metadata.uid);
        else this.#pods.set(object.metadata.uid, object);
        for (const listener of this.#listeners) listener(object);
      }
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }
}
