import type { ApiClient } from './api-client.ts';

/** Which object is meant. */
export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Finds the paths of objects by their kinds. */
export class Discovery {
  readonly #client: ApiClient;
  readonly #known = new Map<string, readonly Resource[]>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Path of the list that holds an object. */
  async listPath({ apiVersion, kind, metadata: { namespace } }: ObjectName): Promise<string> {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = this.#known.get(base) ?? (await this.#client.get<{ resources: Resource[] }>(base)).resources;
    this.#known.set(base, known);
    const resource = known.find((each) => each.kind === kind && !each.name.includes('/'));
    if (resource === undefined) throw new Error(`the API server has no ${kind} in ${apiVersion}`);
    if (!resource.namespaced) return `${base}/${resource.name}`;
    return `${base}/namespaces/${namespace ?? 'default'}/${resource.name}`;
  }
}
