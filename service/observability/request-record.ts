import type { RequestObserver, Stage, StageName } from '../inference/observer.ts';

/** Why a request got no answer, as log, metrics and trace need it. */
export interface RequestProblem {
  /** The problem's name: the end of its `type`. */
  readonly problem: string;
  /** The sentence that the client was given. */
  readonly message: string;
  readonly cause?: unknown;
}

/** A request that was answered. */
export interface RequestSummary {
  readonly method: string;
  /** The route's path as it is declared; `unmatched` where there is none. */
  readonly route: string;
  /** The HTTP status; 499 where the client left before the answer. */
  readonly status: number;
  readonly requestId: string;
  readonly record: RequestRecord;
  readonly problem: RequestProblem | undefined;
}

/** What stands for the route of a request that none is declared for. */
export const UNMATCHED = 'unmatched';
/** Status in logs and metrics of a request whose client left: nginx's number. */
export const CLIENT_CLOSED_REQUEST = 499;

/**
 * What is noted of one request for its log line and its trace: never an image or a sentence, only their sizes.
 */
export class RequestRecord implements RequestObserver {
  readonly startMs = performance.now();
  readonly stages: Stage[] = [];
  /** Attributes that the route adds, by the names under which they are logged. */
  readonly attributes: Record<string, string | number> = {};
  /** W3C trace id, where the request is traced. */
  traceId: string | undefined;
  /** What went wrong, where something did. */
  problem: RequestProblem | undefined;

  stage(stage: Stage): void {
    this.stages.push(stage);
  }

  /** Milliseconds by stage, of which several items' latest counts: they wait and run side by side. */
  stageMs(): Partial<Record<StageName, number>> {
    const result: Partial<Record<StageName, number>> = {};
    for (const { name, startMs, endMs } of this.stages) {
      result[name] = Math.max(result[name] ?? 0, round(endMs - startMs));
    }
    return result;
  }

  /** Milliseconds since the request came. */
  elapsedMs(): number {
    return round(performance.now() - this.startMs);
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
