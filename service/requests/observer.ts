import type { RequestRecord, RequestSummary } from '../observability/request-record.ts';

/** Called for every request of any protocol. */
export interface RequestObserver {
  /** A request has arrived. @returns headers for its response */
  begin?(request: Pick<Request, 'method' | 'url' | 'headers'>, record: RequestRecord): Readonly<Record<string, string>>;
  /** It has been answered. */
  end(summary: RequestSummary): void;
}
