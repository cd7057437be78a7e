import { setTimeout as sleep } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import { MIB } from '../../model/bytes.ts';
import { echo } from '../../model/echo.ts';
import { OPEN_INFERENCE_PREFIX, PATHS, type RequestOutcome } from '../contract.ts';
import { outcomeOf, type RequestSummary } from './request-record.ts';

export type { Logger } from 'pino';

/** Most characters of the log that wait for the reader of stdout; further lines are dropped. */
const MAX_PENDING = 4 * MIB;
const FLUSH_POLL_MS = 10;

/**
 * The service's log on stdout: one JSON object per line, or readable text if stdout is a terminal, in colours unless
 * NO_COLOR or the kind of terminal forbids them.
 *
 * @param level lowest level to log
 */
export function makeLogger(level: string): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { log: echoed } };
  if (!process.stdout.isTTY) return pino(options, { write: writeOrDrop() });
  return pino({ ...options, transport: { target: 'pino-pretty', options: { colorize: process.stdout.hasColors() } } });
}

/** The members of a line, whose texts may repeat what a client, an engine or a collector has sent. */
function echoed(line: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [name, typeof value === 'string' ? echo(value) : value]),
  );
}

/**
 * Waits until the log has been written.
 *
 * @param ms longest time; the reader of stdout may have stopped reading
 */
export async function flushLog(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (process.stdout.writableLength > 0 && performance.now() < end) await sleep(FLUSH_POLL_MS);
}

/**
 * Writes lines to stdout and never waits. pino's own destination blocks the process while the pipe is full: a reader
 * that stops reading would stop the service, and a signal could not end it.
 */
function writeOrDrop(): (line: string) => void {
  const { stdout } = process;
  // The reader may have gone.
  stdout.on('error', () => undefined);
  let dropped = 0;
  return (line) => {
    if (stdout.writableLength > MAX_PENDING) {
      dropped++;
      return;
    }
    if (dropped > 0) {
      const time = new Date().toISOString();
      stdout.write(`${JSON.stringify({ level: 40, time, dropped, msg: 'log lines were dropped' })}\n`);
      dropped = 0;
    }
    stdout.write(line);
  };
}

/** Probes and scrapes, which come every few seconds, are logged at level debug unless they fail or are refused. */
const QUIET_ROUTES = new Set<string>([
  PATHS.live,
  PATHS.ready,
  PATHS.health,
  PATHS.startup,
  PATHS.metrics,
  // The probes of the Open Inference Protocol, which KServe uses, and of gRPC.
  `${OPEN_INFERENCE_PREFIX}/health/live`,
  `${OPEN_INFERENCE_PREFIX}/health/ready`,
  `${OPEN_INFERENCE_PREFIX}/models/:name/ready`,
  '/inference.GRPCInferenceService/ServerLive',
  '/inference.GRPCInferenceService/ServerReady',
  '/inference.GRPCInferenceService/ModelReady',
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
]);

/** How they end otherwise; a client that watches the health leaves when it likes. */
const QUIET_OUTCOMES: ReadonlySet<RequestOutcome> = new Set(['answered', 'abandoned', 'client_deadline']);

/** Whether a call of gRPC, all of which are POST requests, is a probe. */
export function isGrpcProbe(url: string): boolean {
  return QUIET_ROUTES.has(new URL(url).pathname);
}

/** Whether it is the answer of the startup probe until the model is loaded, which is what it is asked for. */
function isStarting({ route, status }: RequestSummary): boolean {
  return route === PATHS.startup && status === 503;
}

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
  } else if (QUIET_ROUTES.has(route) && (QUIET_OUTCOMES.has(outcome) || isStarting(summary))) {
    logger.debug(line, 'request');
  } else {
    logger.info(line, 'request');
  }
}
