import type { RequestObserver, Stage, StageName } from '../inference/observer.ts';
import type { HttpProblem } from './problem.ts';

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
  problem: HttpProblem | undefined;

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
