import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../model/errors.ts';
import { EXAMPLES_FOLDER, readExamples } from '../../model/package/examples.ts';
import type { Example } from '../../model/package/examples.ts';
import { listOf } from '../settings/check.ts';
import { settingWarnings } from '../settings/read.ts';
import { CLOSING_MS } from '../contract.ts';
import type { Settings } from '../settings/read.ts';
import { openApiKeys } from '../http/middleware/api-keys.ts';
import type { ApiKeys } from '../http/middleware/api-keys.ts';
import { createAdminApp } from '../http/admin-app.ts';
import { createApp } from '../http/app.ts';
import { listen } from '../http/listen.ts';
import type { Listener } from '../http/listen.ts';
import type { RequestListener } from '../http/middleware/observe.ts';
import { Admission } from '../inference/admission.ts';
import { EngineUnavailable } from '../inference/errors.ts';
import type { InferenceObserver } from '../inference/observer.ts';
import { openModel } from '../inference/open-model.ts';
import type { OpenModel } from '../inference/open-model.ts';
import { logRequest, makeLogger } from '../observability/logger.ts';
import type { Logger } from '../observability/logger.ts';
import { Metrics } from '../observability/metrics.ts';
import { startTracing, traceIdOf } from '../observability/tracing.ts';
import type { Tracing } from '../observability/tracing-types.ts';
import { reportEngineEvents } from '../observability/engine-events.ts';
import { startGpuWatchdog } from '../observability/gpu-watchdog.ts';
import type { GpuMonitorTimes } from '../observability/gpu-watchdog.ts';
import { ServiceHealth } from './service-health.ts';

/** A service that listens. Its engines may still be loading: ask its probes. */
export interface RunningService {
  readonly port: number;
  readonly adminPort: number;
  readonly model: OpenModel;
  /**
   * Drains and stops: not ready at once, serving on for DRAIN_DELAY_MS, then finishing what was accepted, all
   * within SHUTDOWN_TIMEOUT_MS. A second call gives the first one's promise.
   */
  stop(): Promise<void>;
  /** Fulfils when the service has stopped: 0 when it was told to, 1 when an engine failed for good. */
  readonly finished: Promise<0 | 1>;
}

export interface StartOptions {
  /** @default a log on stdout at LOG_LEVEL */
  readonly logger?: Logger;
  /** The engine's program; tests give one that misbehaves. */
  readonly engineProgram?: URL;
  /** Sentences for the log, each about a variable that may be a misspelt setting. */
  readonly warnings?: readonly string[];
  /** How often each GPU is read, and how long it may be silent. */
  readonly gpuWatch?: GpuMonitorTimes;
}

/**
 * Starts the service.
 *
 * @throws UserError when the package cannot be read, the model does not fit the device, or a port cannot be had
 */
export async function startService(settings: Settings, options: StartOptions = {}): Promise<RunningService> {
  if (settings.MODEL_DIR === '') {
    throw new UserError('settings-invalid', 'MODEL_DIR is not set; give the folder of a model package.');
  }
  const logger = options.logger ?? makeLogger(settings.LOG_LEVEL);
  for (const detail of settingWarnings(settings)) logger.warn({ detail }, 'settings');
  for (const detail of options.warnings ?? []) logger.warn({ detail }, 'a setting may be misspelt');
  const metrics = new Metrics();
  const tracing = await startTracing(settings, logger);
  const { engineProgram } = options;
  const model = await openModel(settings.MODEL_DIR, settings, {
    observer: observe(metrics, tracing),
    ...(engineProgram === undefined ? {} : { engineProgram }),
  });
  const health = new ServiceHealth(model.pool);
  const maxBodyBytes = settings.MAX_BODIES_MB * 1024 * 1024;
  const admission = new Admission(settings.MAX_QUEUE, { maxBodyBytes });
  metrics.watchQueue(admission, model);
  reportEngineEvents(model.pool, logger, metrics);
  const unwatchGpu = startGpuWatchdog(
    model.pool,
    logger,
    metrics,
    settings.GPU_MEMORY_LIMIT_MB,
    options.gpuWatch,
  );
  const closing = new AbortController();
  // Every open request listens.
  setMaxListeners(0, closing.signal);
  const apiKeys = openKeys(settings.API_KEYS_FILE, logger);
  const examples = settings.DEMO_PAGE === 'on' ? await examplesOf(model, logger) : [];
  const app = createApp({
    closing: closing.signal,
    ...(apiKeys === undefined ? {} : { apiKeys }),
    corsOrigins: listOf(settings.CORS_ORIGINS),
    ...(settings.DEMO_PAGE === 'on' ? { demo: { examples } } : {}),
    predictor: model.predictor,
    admission,
    health,
    limits: { requestTimeoutMs: settings.REQUEST_TIMEOUT_MS, maxBodyMb: settings.MAX_BODY_MB },
    listener: listenTo(metrics, logger, tracing),
  });
  const listeners = await listenAll(settings, app, createAdminApp(health, metrics));
  const { port } = listeners.public;
  logger.info({ host: settings.HOST, port, admin_port: listeners.admin.port }, 'listening');
  model.pool.start();
  const release = async (): Promise<void> => {
    unwatchGpu();
    apiKeys?.close();
    metrics.close();
    await tracing?.close();
  };
  return run({ settings, logger, health, model, listeners, closing, release });
}

function observe(metrics: Metrics, tracing: Tracing | undefined): InferenceObserver {
  return {
    stage: (stage) => {
      metrics.stage(stage);
    },
    batch: (record) => {
      metrics.batch(record);
      tracing?.batch(record);
    },
    answer: (label) => {
      metrics.answer(label);
    },
  };
}

/** Only what asks for work is traced: probes come every second and say nothing. */
function listenTo(metrics: Metrics, logger: Logger, tracing: Tracing | undefined): RequestListener {
  return {
    begin: (request, record) => {
      record.traceId = traceIdOf(request.headers.get('traceparent') ?? undefined);
      if (tracing === undefined || request.method !== 'POST') return {};
      const { traceId, response } = tracing.begin(request, record);
      record.traceId = traceId;
      return { traceresponse: response };
    },
    end: (summary) => {
      metrics.request(summary);
      // The other stages are the predictor's, which tells of them itself.
      for (const stage of summary.record.stages) if (stage.name === 'read') metrics.stage(stage);
      logRequest(logger, summary);
      tracing?.end(summary);
    },
  };
}

/** What the model's package has to show; what is damaged of it is logged, for the model answers without. */
async function examplesOf({ modelPackage }: OpenModel, logger: Logger): Promise<readonly Example[]> {
  const { dir, manifest } = modelPackage;
  const { examples, problems } = await readExamples(join(dir, EXAMPLES_FOLDER), manifest.answers);
  for (const detail of problems) logger.warn({ detail }, 'an example is left out of the demo page');
  return examples;
}

function openKeys(path: string, logger: Logger): ApiKeys | undefined {
  if (path === '') return undefined;
  return openApiKeys(path, (result) => {
    if ('error' in result) logger.error({ detail: result.error }, 'the API keys stay as they were');
    else logger.info({ keys: result.keys }, 'API keys read again');
  });
}

interface Listeners {
  readonly public: Listener;
  readonly admin: Listener;
}

async function listenAll(
  settings: Settings,
  app: ReturnType<typeof createApp>,
  admin: ReturnType<typeof createApp>,
): Promise<Listeners> {
  const first = await listen(app, settings.HOST, settings.PORT, { setting: 'PORT' });
  try {
    return {
      public: first,
      admin: await listen(admin, settings.HOST, settings.ADMIN_PORT, { setting: 'ADMIN_PORT' }),
    };
  } catch (error) {
    await first.close();
    throw error;
  }
}

interface Wired {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly health: ServiceHealth;
  readonly model: OpenModel;
  readonly listeners: Listeners;
  readonly closing: AbortController;
  /** Ends what only watches, and sends the last traces. */
  readonly release: () => Promise<void>;
}

function run(wired: Wired): RunningService {
  const { model, listeners } = wired;
  let finish: (code: 0 | 1) => void = () => undefined;
  const finished = new Promise<0 | 1>((resolve) => {
    finish = resolve;
  });
  let stopping: Promise<void> | undefined;
  const stop = (code: 0 | 1): Promise<void> => {
    // Load balancers get their time as long as an engine is left that can answer meanwhile.
    const canServe = code === 0 || model.pool.isReady;
    stopping ??= shutDown(wired, canServe ? wired.settings.DRAIN_DELAY_MS : 0).then(() => {
      finish(code);
    });
    return stopping;
  };
  model.pool.on('state', (state) => {
    if (state.phase === 'failed') void stop(1);
  });
  return {
    port: listeners.public.port,
    adminPort: listeners.admin.port,
    model,
    stop: () => stop(0),
    finished,
  };
}

async function shutDown(
  { settings, logger, health, model, listeners, closing, release }: Wired,
  drainMs: number,
): Promise<void> {
  logger.info({ drain_ms: drainMs }, 'stopping');
  const began = performance.now();
  health.drain();
  // Load balancers need a while to hear that the service is not ready; until then they send more.
  await sleep(drainMs);
  const left = settings.SHUTDOWN_TIMEOUT_MS - CLOSING_MS - (performance.now() - began);
  const impatience = setTimeout(
    () => {
      logger.warn('answering 503 to the requests that are still open');
      closing.abort(new EngineUnavailable('The service is shutting down.'));
      // Connections on which no request was made, or no answer is taken.
      setTimeout(() => {
        listeners.public.cut();
      }, CUT_MS).unref();
    },
    Math.max(0, left),
  );
  await listeners.public.close();
  clearTimeout(impatience);
  // An engine that hangs in its driver does not die of SIGKILL; the process ends without it.
  const spent = sleep(Math.max(CUT_MS, settings.SHUTDOWN_TIMEOUT_MS - CUT_MS - (performance.now() - began)));
  await Promise.race([Promise.all([release(), model.close()]), spent]);
  listeners.admin.cut();
  await listeners.admin.close();
  logger.info('stopped');
}

/** How long the last answers may take to leave. */
const CUT_MS = 300;
