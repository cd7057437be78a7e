import type { InferenceObserver } from '../inference/observer.ts';
import { isGrpcProbe, logRequest, type Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { RefusalLog } from '../observability/refusal-log.ts';
import { outcomeOf } from '../observability/request-record.ts';
import { traceIdOf, type Tracing } from '../observability/tracing.ts';
import type { ModelStatistics } from '../open-inference/statistics.ts';
import type { RequestObserver } from '../requests/observer.ts';

/** What counts and traces. */
interface Observers {
  readonly metrics: Metrics;
  readonly statistics: ModelStatistics;
  /** Undefined without a collector. */
  readonly tracing: Tracing | undefined;
}

/** Reports the work on all requests. */
export function inferenceObserver({ metrics, statistics, tracing }: Observers): InferenceObserver {
  return {
    stage: (stage) => {
      metrics.stage(stage);
      statistics.stage(stage);
    },
    batch: (record) => {
      metrics.batch(record);
      statistics.batch(record);
      tracing?.batch(record);
    },
    answer: (answer) => {
      metrics.answer(answer);
    },
    lookups: (cache, hits, misses) => {
      metrics.lookups(cache, hits, misses);
    },
  };
}

/** Logs each request to the admin port. Metrics count those of clients. */
export function adminObserver(logger: Logger): RequestObserver {
  return {
    end: (summary) => {
      logRequest(logger, summary);
    },
  };
}

/**
 * Reports each request. Only POST requests are traced, without the probes of gRPC: probes come every second and do no
 * work.
 */
export function requestObserver(
  { metrics, statistics, tracing }: Observers,
  logger: Logger,
  refusals: RefusalLog,
): RequestObserver {
  return {
    begin: (request, record) => {
      record.traceId = traceIdOf(request.headers.get('traceparent') ?? undefined);
      if (tracing === undefined || request.method !== 'POST' || isGrpcProbe(request.url)) return {};
      const { traceId, response } = tracing.begin(request, record);
      record.traceId = traceId;
      return { traceresponse: response };
    },
    end: (summary) => {
      metrics.request(summary);
      const { record } = summary;
      // Requests whose questions were accepted.
      if ('texts' in record.attributes) statistics.request(outcomeOf(summary) === 'answered', record.elapsedMs());
      // The predictor reports the other stages.
      for (const stage of record.stages) if (stage.name === 'read') metrics.stage(stage);
      if (!refusals.count(summary)) logRequest(logger, summary);
      tracing?.end(summary);
    },
  };
}
