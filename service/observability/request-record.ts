import type { RequestOutcome } from '../contract.ts';
import { DeadlineExceeded, Overloaded } from '../inference/errors.ts';
import type { StageObserver, Stage, StageName } from '../inference/observer.ts';

/** Why a request failed, for log, metrics and trace. */
export interface RequestProblem {
  /** The problem's name, from its `type`. */
  readonly problem: string;
  /** The sentence in the response. */
  readonly message: string;
  readonly cause?: unknown;
}

/** A finished request. */
export interface RequestSummary {
  /** Undefined if it could not be parsed. */
  readonly method: string | undefined;
  /** The route's path as declared, or {@link UNMATCHED}. */
  readonly route: string;
  /** The HTTP status, or {@link CLIENT_CLOSED_REQUEST}. */
  readonly status: number;
  readonly requestId: string;
  readonly record: RequestRecord;
  /** What the client was told; undefined if it got its answer, or had left. */
  readonly problem: RequestProblem | undefined;
}

/** Stands for the route of a request that matches none. */
export const UNMATCHED = 'unmatched';
/** Status in logs and metrics if the client disconnected before the response. nginx uses the same number. */
export const CLIENT_CLOSED_REQUEST = 499;

/** What the service does not owe to a client: more than its share, and explanations. */
const OPTIONAL: ReadonlySet<Overloaded['full']> = new Set(['share', 'explanations']);

/** How a request ended, for metrics and log. */
export function outcomeOf({ status, problem }: Pick<RequestSummary, 'status' | 'problem'>): RequestOutcome {
  if (status === CLIENT_CLOSED_REQUEST) return 'abandoned';
  const cause = problem?.cause;
  if (cause instanceof DeadlineExceeded && cause.setBy === 'client') return 'client_deadline';
  if (cause instanceof Overloaded && !OPTIONAL.has(cause.full)) return 'overloaded';
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'answered';
}

/** Data about a request for its log line and its trace: sizes of images and texts, but never their contents. */
export class RequestRecord implements StageObserver {
  readonly startMs = performance.now();
  readonly protocol: 'http' | 'grpc';
  readonly stages: Stage[] = [];
  /** Attributes that the route adds, under the names used in the log. */
  readonly attributes: Record<string, string | number> = {};
  /** W3C trace id, if the request has one. */
  traceId: string | undefined;
  problem: RequestProblem | undefined;

  constructor(protocol: RequestRecord['protocol'] = 'http') {
    this.protocol = protocol;
  }

  stage(stage: Stage): void {
    this.stages.push(stage);
  }

  /** Duration of each stage in milliseconds: the longest of all items, which are processed concurrently. */
  stageMs(): Partial<Record<StageName, number>> {
    const result: Partial<Record<StageName, number>> = {};
    for (const { name, startMs, endMs } of this.stages) {
      result[name] = Math.max(result[name] ?? 0, round(endMs - startMs));
    }
    return result;
  }

  /** Milliseconds since the request arrived. */
  elapsedMs(): number {
    return round(performance.now() - this.startMs);
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
