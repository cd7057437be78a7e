import { setMaxListeners } from 'node:events';
import { UserError } from '../../model/errors.ts';
import { readPackageExamples, type Example } from '../../model/package/examples.ts';
import { listOf } from '../settings/check.ts';
import { bodiesBytes } from '../settings/memory.ts';
import { settingWarnings, type Settings } from '../settings/read.ts';
import { openApiKeys, type ApiKeys } from '../clients/api-keys.ts';
import { ClientAddresses } from '../clients/addresses.ts';
import { identifyBy, type ClientRules } from '../requests/identify.ts';
import { Uploads } from '../requests/uploads.ts';
import { Admission } from '../inference/admission.ts';
import { openEngines } from '../inference/open-engines.ts';
import { modelOn, type OpenModel } from '../inference/open-model.ts';
import { makeLogger, type Logger } from '../observability/logger.ts';
import { RefusalLog } from '../observability/refusal-log.ts';
import { ModelStatistics } from '../open-inference/statistics.ts';
import { Metrics } from '../observability/metrics.ts';
import { startTracing } from '../observability/tracing.ts';
import { reportEngineEvents } from '../observability/engine-events.ts';
import { startGpuWatchdog, type GpuMonitorTimes } from '../observability/gpu-watchdog.ts';
import { checkDescriptors, descriptorWarning, maxUploads } from './connection-caps.ts';
import type { Listeners } from './listeners.ts';
import { adminObserver, inferenceObserver, requestObserver } from './observers.ts';
import { Opened } from './opened.ts';
import { ServiceHealth } from './service-health.ts';
import { shutDown, type ServiceParts } from './shutdown.ts';

/** A service that accepts requests. Its engines may still be loading; its probes say so. */
export interface RunningService {
  readonly port: number;
  /** Undefined if GRPC_PORT is off. */
  readonly grpcPort: number | undefined;
  readonly adminPort: number;
  readonly model: OpenModel;
  /**
   * Drains and stops: reports not ready, goes on serving for a while, then finishes the accepted requests, all within
   * SHUTDOWN_TIMEOUT_MS. Further calls return the same promise.
   *
   * @param drainMs time for load balancers to notice. @default DRAIN_DELAY_MS
   */
  stop(drainMs?: number): Promise<void>;
  /** Fulfils when the service has stopped: 0 after `stop`, 1 after an engine failed for good. */
  readonly finished: Promise<0 | 1>;
}

export interface StartOptions {
  /** @default a log on stdout at LOG_LEVEL */
  readonly logger?: Logger;
  /** The engine's program, for tests. @default the real one */
  readonly engineProgram?: URL;
  /** Sentences to log, each about a variable of the environment. */
  readonly warnings?: readonly string[];
  /** How often each GPU is read, and how long it may be silent. */
  readonly gpuWatch?: GpuMonitorTimes;
}

/** Publishes what the service works on, and the memory for it. */
function watchLoad(metrics: Metrics, admission: Admission, uploads: Uploads, model: OpenModel): void {
  metrics.watchQueue(admission, model);
  metrics.watchUploads(uploads);
  metrics.watchPixelMemory(model.pixelMemoryUse);
}

/**
 * Starts the service.
 *
 * @throws UserError if the package cannot be read, the model does not fit the device, or a port is not available
 */
export async function startService(settings: Settings, options: StartOptions = {}): Promise<RunningService> {
  checkStart(settings);
  const opened = new Opened();
  try {
    return await openService(settings, options, opened);
  } catch (error) {
    // What failed first is what the user can fix.
    await opened.close().catch(() => undefined);
    throw error;
  }
}

async function openService(settings: Settings, options: StartOptions, opened: Opened): Promise<RunningService> {
  const logger = openLog(settings, options);
  const metrics = new Metrics();
  opened.add(() => {
    metrics.close();
  });
  const statistics = new ModelStatistics();
  const tracing = await startTracing(settings, logger);
  opened.add(() => tracing?.close());
  const apiKeys = openKeys(settings.API_KEYS_FILE, logger);
  opened.add(() => {
    apiKeys?.close();
  });
  const engines = await openEngines(settings.MODEL_DIR, settings, options.engineProgram);
  opened.add(() => engines.close());
  const { pool } = engines;
  const health = new ServiceHealth(pool);
  reportEngineEvents(pool, logger, metrics);
  opened.add(startGpuWatchdog(pool, logger, metrics, settings.GPU_MEMORY_LIMIT_MB, options.gpuWatch));
  // The engines load the model while this process loads what serves requests.
  pool.start();
  const model = await modelOn(engines, settings, inferenceObserver({ metrics, statistics, tracing }));
  const admission = new Admission(settings.MAX_QUEUE);
  const uploads = boundUploads(settings, admission);
  watchLoad(metrics, admission, uploads, model);
  const closing = new AbortController();
  // Every open request adds a listener.
  setMaxListeners(0, closing.signal);
  const clients = clientRules(settings, apiKeys);
  const refusals = new RefusalLog(logger);
  opened.add(() => {
    refusals.flush();
  });
  const deps = {
    closing: closing.signal,
    statistics,
    predictor: model.predictor,
    explainer: model.explainer,
    admission,
    uploads,
    health,
    limits: { requestTimeoutMs: settings.REQUEST_TIMEOUT_MS, maxBodyMb: settings.MAX_BODY_MB },
    observer: requestObserver({ metrics, statistics, tracing }, logger, refusals),
  };
  const [documents, demo] = [settings.DOCS === 'on', settings.DEMO_PAGE === 'on'];
  const listening = async (): Promise<Listeners> => {
    const { listenAll } = await import('./listeners.ts');
    const examples = documents || demo ? await examplesOf(model, logger) : [];
    const web = { ...deps, ...clients, documents, corsOrigins: listOf(settings.CORS_ORIGINS), demo, examples };
    const grpc = { ...deps, identify: identifyBy(clients) };
    return listenAll(settings, { web, grpc, health, metrics, adminObserver: adminObserver(logger) });
  };
  const listeners = await listening();
  logger.info({ host: settings.HOST, ...portsOf(listeners) }, 'listening');
  return run({ logger, health, model, listeners, closing, opened }, settings);
}

/** Refuses what would only fail later. @throws UserError `settings-invalid` */
function checkStart({ MODEL_DIR }: Settings): void {
  if (MODEL_DIR === '') {
    throw new UserError('settings-invalid', 'MODEL_DIR is not set; give the folder of a model package.');
  }
  checkDescriptors();
}

/** The log, with the warnings about settings. */
function openLog(settings: Settings, { logger = makeLogger(settings.LOG_LEVEL), warnings = [] }: StartOptions): Logger {
  for (const detail of [...settingWarnings(settings), ...warnings]) logger.warn({ detail }, 'settings');
  const descriptors = descriptorWarning(settings);
  if (descriptors !== undefined) logger.warn({ detail: descriptors }, 'file descriptors');
  return logger;
}

function clientRules({ TRUSTED_PROXIES }: Settings, apiKeys: ApiKeys | undefined): ClientRules {
  return {
    ...(apiKeys === undefined ? {} : { apiKeys }),
    ...(TRUSTED_PROXIES === '' ? {} : { addresses: new ClientAddresses(listOf(TRUSTED_PROXIES)) }),
  };
}

/** The ports as the log names them. */
function portsOf({ public: { port }, grpc, admin }: Listeners): Record<string, number> {
  return { port, ...(grpc === undefined ? {} : { grpc_port: grpc.port }), admin_port: admin.port };
}

function boundUploads(settings: Settings, admission: Admission): Uploads {
  return new Uploads({
    maxUploads: maxUploads(settings.MAX_QUEUE),
    maxBytes: bodiesBytes(settings),
    retryAfterSeconds: (share) => admission.retryAfterSeconds(share),
  });
}

/** The examples of the model's package. Damaged ones are logged and left out: the model answers without them. */
async function examplesOf({ modelPackage, labels }: OpenModel, logger: Logger): Promise<readonly Example[]> {
  const { examples, problems } = await readPackageExamples(modelPackage);
  for (const detail of problems) logger.warn({ detail }, 'an example is left out of the demo page');
  const nameOf = (answer?: string): { answer?: string } => {
    const label = labels.find((each) => each.answer === answer);
    return label === undefined ? {} : { answer: label.name };
  };
  return examples.map((example) => ({
    ...example,
    sentences: example.sentences.map((sentence) => ({ ...sentence, ...nameOf(sentence.answer) })),
  }));
}

function openKeys(path: string, logger: Logger): ApiKeys | undefined {
  if (path === '') return undefined;
  return openApiKeys(path, (result) => {
    if ('error' in result) logger.error({ detail: result.error }, 'the API keys stay as they were');
    else logger.info({ keys: result.keys }, 'API keys read again');
  });
}

/** Runs a started service until it is stopped or an engine fails for good. */
function run(parts: ServiceParts & { readonly model: OpenModel }, settings: Settings): RunningService {
  const { model, listeners } = parts;
  let finish: (code: 0 | 1) => void = () => undefined;
  const finished = new Promise<0 | 1>((resolve) => {
    finish = resolve;
  });
  let stopping: Promise<void> | undefined;
  const stop = (code: 0 | 1, drainMs = settings.DRAIN_DELAY_MS): Promise<void> => {
    stopping ??= shutDown(parts, { drainMs, timeoutMs: settings.SHUTDOWN_TIMEOUT_MS }).then(() => {
      finish(code);
    });
    return stopping;
  };
  const stopIfFailed = (): void => {
    if (model.pool.state.phase !== 'failed') return;
    // There is no point in serving on, unless another engine can still answer.
    void (model.pool.isReady ? stop(1) : stop(1, 0));
  };
  model.pool.on('state', stopIfFailed);
  stopIfFailed();
  return {
    port: listeners.public.port,
    grpcPort: listeners.grpc?.port,
    adminPort: listeners.admin.port,
    model,
    stop: (drainMs) => stop(0, drainMs),
    finished,
  };
}
