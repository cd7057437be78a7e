import { Agent, request } from 'undici';

/** An object of the API, as far as these checks read any. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly resourceVersion?: string;
    readonly deletionTimestamp?: string;
  };
}

/** An answer other than 2xx. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(`${status}: ${message}`);
    this.status = status;
  }
}

/** One change that a watch reports. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** How a PATCH changes the object. */
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml',
  strategic: 'application/strategic-merge-patch+json',
} as const;

/** A client for the API server, without any knowledge of kinds. */
export class ApiClient {
  readonly url: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(url: string, token: string, ca: string) {
    this.url = url;
    this.#token = token;
    this.#agent = new Agent({ connect: { ca }, bodyTimeout: 0, connections: 64 });
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
  }

  async get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('POST', path, body);
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('PUT', path, body);
  }

  async patch<T>(path: string, body: unknown, type: keyof typeof PATCH_TYPES = 'merge'): Promise<T> {
    return this.#call<T>('PATCH', path, body, PATCH_TYPES[type]);
  }

  async delete<T>(path: string, body?: unknown): Promise<T> {
    return this.#call<T>('DELETE', path, body);
  }

  /** Whether there is an object. */
  async exists(path: string): Promise<boolean> {
    try {
      await this.get(path);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  /** Lists objects, then reports their changes until the signal aborts. */
  async *watch<T extends ApiObject>(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const list = await this.get<{ metadata: { resourceVersion: string }; items: T[] }>(path);
    for (const object of list.items) yield { type: 'ADDED', object };
    let version = list.metadata.resourceVersion;
    while (!signal.aborted) {
      for await (const event of this.#changes<T>(path, version, signal)) {
        // An ERROR is a version that is too old to continue from, which these short runs never have.
        if (event.type === 'ERROR') throw new Error(`watch ${path}: ${JSON.stringify(event.object)}`);
        version = event.object.metadata.resourceVersion ?? version;
        if (event.type !== 'BOOKMARK') yield event;
      }
    }
  }

  async *#changes<T>(path: string, version: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const query = new URLSearchParams({ watch: 'true', resourceVersion: version, allowWatchBookmarks: 'true' });
    const { body } = await request(`${this.url}${path}${path.includes('?') ? '&' : '?'}${query.toString()}`, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.#token}` },
      signal,
    });
    let rest = '';
    for await (const chunk of body.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as WatchEvent<T>;
    }
  }

  async #call<T>(method: Method, path: string, body?: unknown, type = 'application/json'): Promise<T> {
    const response = await request(`${this.url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    if (response.statusCode < 300) return (text.startsWith('{') ? JSON.parse(text) : text) as T;
    throw new ApiError(response.statusCode, messageIn(text));
  }
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}
