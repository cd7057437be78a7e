/** How a refused client goes on: as `Retry-After` has it, or after a fixed time. */
export type Patience = 'retry-after' | { readonly ms: number };

/** What the clients' process is told to do. */
export interface LoadOrder {
  readonly url: string;
  /** JSON body of each request to /predict. */
  readonly body: string;
  /** Clients that each ask again as soon as they were answered. */
  readonly clients: number;
  readonly ms: number;
  readonly patience: Patience;
}

/** What came of it. */
export interface LoadResult {
  /** How often each status came; 0 stands for a connection that broke. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly answersPerSecond: number;
  /** Milliseconds that answers with status 200 took, ascending. */
  readonly latencies: readonly number[];
}

/** What the prober's process is told to do. */
export interface ProbeOrder {
  readonly url: string;
  readonly ms: number;
}

/** What the service's process tells of itself. */
export interface ServiceState {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Open sockets, timers, pipes and the like. */
  readonly handles: number;
  readonly enginePid: number | undefined;
}
