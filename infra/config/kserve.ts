import { z } from 'zod';
import { flag } from './fields.ts';

export const kserveSchema = z.strictObject({
  /**
   * Whether KServe (0.20 or newer) runs the pods: a ServingRuntime and an InferenceService in its Standard mode take the
   * place of the Deployment. With `exposure.route` none, KServe writes the route, too.
   *
   * @default false
   */
  enabled: flag,
});
