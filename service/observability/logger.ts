import { pino, type Logger } from 'pino';
import { PATHS } from '../contract.ts';
import { outcomeOf, type RequestSummary } from './request-record.ts';

export type { Logger } from 'pino';

/**
 * The service's log on stdout: one JSON object per line, or readable text if stdout is a terminal.
 *
 * @param level lowest level to log
 */
export function makeLogger(level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(options);
  return pino({ ...options, transport: { target: 'pino-pretty', options: { colorize: true } } });
}

/** Probes and scrapes, which come every few seconds, are logged at level debug while they succeed. */
const QUIET_ROUTES = new Set<string>([
  PATHS.live,
  PATHS.ready,
  PATHS.health,
  PATHS.startup,
  PATHS.metrics,
  // The probes of the Open Inference Protocol, which KServe uses.
  '/v2/health/live',
  '/v2/health/ready',
  '/v2/models/:name/ready',
]);

/** Logs a finished request. */
export function logRequest(logger: Logger, summary: RequestSummary): void {
  const { method, route, status, requestId, record, problem } = summary;
  const outcome = outcomeOf(summary);
  const line = {
    request_id: requestId,
    ...(record.traceId === undefined ? {} : { trace_id: record.traceId }),
    method,
    route,
    status,
    outcome,
    ms: record.elapsedMs(),
    stages_ms: record.stageMs(),
    ...record.attributes,
    ...(problem === undefined ? {} : { problem: problem.problem }),
  };
  if (problem?.problem === 'internal') {
    logger.error({ ...line, err: problem.cause }, 'request');
  } else if (outcome === 'failed' && problem !== undefined) {
    logger.warn({ ...line, detail: problem.message }, 'request');
  } else if (QUIET_ROUTES.has(route)) {
    logger.debug(line, 'request');
  } else {
    logger.info(line, 'request');
  }
}
