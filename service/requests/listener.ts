import type { RequestRecord, RequestSummary } from '../observability/request-record.ts';

/** Called for every request of any protocol. */
export interface RequestListener {
  /** A request has arrived. @returns headers for its response */
  begin?(request: Pick<Request, 'method' | 'url' | 'headers'>, record: RequestRecord): Readonly<Record<string, string>>;
  /** It has been answered. */
  end(summary: RequestSummary): void;
}

/** A server that accepts connections. */
export interface Listener {
  readonly port: number;
  /**
   * Accepts the connections that the kernel has established and no more, closes idle ones, and resolves when the last
   * request has been answered.
   */
  close(): Promise<void>;
  /** Destroys the open connections. */
  destroy(): void;
}
