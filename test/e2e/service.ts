import { pino } from 'pino';
import { DEFAULT_SETTINGS } from '../../service/contract.ts';
import type { Settings } from '../../service/settings/read.ts';
import { startService, type RunningService, type StartOptions } from '../../service/lifecycle/start-service.ts';

/** A real service on free ports, without a log. */
export interface TestService extends RunningService {
  readonly url: string;
  readonly adminUrl: string;
}

/** Starts a service and waits until it is ready. */
export async function serve(
  settings: Partial<Settings> & Pick<Settings, 'MODEL_DIR'>,
  options: StartOptions & { readonly wait?: false } = {},
): Promise<TestService> {
  const service = await startService(
    {
      ...DEFAULT_SETTINGS,
      HOST: '127.0.0.1',
      PORT: 0,
      GRPC_PORT: 0,
      ADMIN_PORT: 0,
      DRAIN_DELAY_MS: 0,
      ENGINE_THREADS: 1,
      DEVICE: 'cpu',
      // Every request reaches an engine.
      FEATURE_CACHE_MB: 0,
      ...settings,
    },
    { logger: pino({ level: 'silent' }), ...options },
  );
  if (options.wait !== false) await service.model.pool.whenReady();
  return {
    ...service,
    url: `http://127.0.0.1:${service.port}`,
    adminUrl: `http://127.0.0.1:${service.adminPort}`,
  };
}
