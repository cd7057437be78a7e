import type { BatchRecord, RequestObserver } from '../inference/observer.ts';
import type { RequestSummary } from './request-record.ts';

/** Follows requests through the service as spans. */
export interface Tracing {
  /**
   * Begins a request's span, below the one that its `traceparent` names.
   *
   * @returns what identifies the span, for the log and the answer
   */
  begin(request: Request, observer: RequestObserver): TraceIdentity;
  /** Ends a request's span, with a span for each of its stages. */
  end(summary: RequestSummary): void;
  /** Writes a span for a run of the engine, linked to the requests in it. */
  batch(record: BatchRecord): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

export interface TraceIdentity {
  readonly traceId: string;
  /** W3C's `traceresponse`. */
  readonly response: string;
}
