/** When a refused client tries again: after the time in `Retry-After`, or after a fixed time. */
export type Patience = 'retry-after' | { readonly ms: number };

/** Instructions for the process of the clients. */
export interface LoadOrder {
  readonly url: string;
  /** JSON body of every request to /predict. */
  readonly body: string;
  /** Number of clients, each of which sends its next request as soon as the last one is answered. */
  readonly clients: number;
  readonly ms: number;
  readonly patience: Patience;
}

export interface LoadResult {
  /** Number of responses by status; 0 stands for a broken connection. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly answersPerSecond: number;
  /** Latencies of responses with status 200 in milliseconds. */
  readonly latencies: readonly number[];
}

/** Instructions for the process of the prober. */
export interface ProbeOrder {
  readonly url: string;
  readonly ms: number;
}

/** What the process of the service reports. */
export interface ServiceState {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Open sockets, timers, pipes and the like. */
  readonly handles: number;
  readonly enginePid: number | undefined;
}
