import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { indexRequestSchema, type statisticsSchema } from '../../open-inference/management-schema.ts';
import { modelConfiguration, repositoryIndex } from '../../open-inference/model.ts';
import type { ModelStatistics } from '../../open-inference/statistics.ts';
import { checkBody } from '../../requests/check.ts';
import type { PredictDeps } from '../../requests/serve.ts';
import { parseJson, readJsonBody } from '../body/json.ts';
import type { App, AppEnv } from '../context.ts';
import { withBody } from '../serve/serve.ts';
import { INDEX_PATH, MODEL_PATH, STATISTICS_PATH, VERSION_PATH } from './docs.ts';

/** Largest request for the index in MiB. */
const MAX_INDEX_MIB = 1;

/** Adds configuration, statistics and the index of the model repository, which are extensions of Triton. */
export function addManagement(
  app: App,
  deps: PredictDeps,
  statistics: ModelStatistics,
  checkModelPath: (c: Context<AppEnv>) => void,
): void {
  const { model } = deps.predictor;
  const config = modelConfiguration(model);
  const stats = (): z.infer<typeof statisticsSchema> => ({ model_stats: [statistics.of(model)] });
  const fresh = { 'cache-control': 'no-store' };
  // Before the path of a model called "stats".
  app.get(STATISTICS_PATH, (c) => c.json(stats(), 200, fresh));
  for (const path of [MODEL_PATH, VERSION_PATH]) {
    app.get(`${path}/config`, (c) => {
      checkModelPath(c);
      return c.json(config);
    });
    app.get(`${path}/stats`, (c) => {
      checkModelPath(c);
      return c.json(stats(), 200, fresh);
    });
  }
  app.post(INDEX_PATH, async (c) => {
    const { ready = false } = await readIndexRequest(c, deps);
    return c.json(repositoryIndex(model, deps.health, ready), 200, fresh);
  });
}

/** Reads a request for the index, which clients send without a body. It takes no slot of the queue. */
async function readIndexRequest(c: Context<AppEnv>, deps: PredictDeps): Promise<z.infer<typeof indexRequestSchema>> {
  const limits = { ...deps.limits, maxBodyMb: MAX_INDEX_MIB };
  return withBody(c, { ...deps, limits }, async (body) => {
    const read = await readJsonBody(body);
    // Clients in Java write null for a body that is not set.
    return checkBody(indexRequestSchema, (read.bytes.length === 0 ? undefined : parseJson(read)) ?? {});
  });
}
