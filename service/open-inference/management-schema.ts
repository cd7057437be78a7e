import { z } from '@hono/zod-openapi';
import { optionalField } from '../requests/check.ts';

const count = z.number().int();
/** One that may exceed 32 bits, which many generators of clients give an integer without a format. */
const longCount = count.openapi({ format: 'int64' });

const tensorSchema = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.number().int()),
});

/** The model's inputs and outputs. */
export const modelMetadataSchema = z
  .object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorSchema),
    outputs: z.array(tensorSchema),
  })
  .openapi('ModelMetadata');
/** See {@link modelMetadataSchema}. */
export type ModelMetadata = z.infer<typeof modelMetadataSchema>;

const tensorConfig = z.object({ name: z.string(), data_type: z.string(), dims: z.array(count) });

/** The model's configuration, by Triton's extension. */
export const modelConfigSchema = z
  .object({
    name: z.string(),
    platform: z.string(),
    backend: z.string(),
    max_batch_size: count.openapi({ description: '0: the number of items is a dimension of each tensor.' }),
    input: z.array(tensorConfig.extend({ optional: z.boolean() })),
    output: z.array(tensorConfig),
    parameters: z.record(z.string(), z.object({ string_value: z.string() })),
  })
  .openapi('ModelConfig');
/** See {@link modelConfigSchema}. */
export type ModelConfig = z.infer<typeof modelConfigSchema>;

const duration = z.object({ count: longCount, ns: longCount }).openapi('StatisticDuration');

const modelStatisticsSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    last_inference: longCount.openapi({ description: 'Milliseconds since 1970; 0 before the first.' }),
    inference_count: longCount.openapi({ description: 'Items that an engine computed.' }),
    execution_count: longCount.openapi({ description: 'Runs of an engine.' }),
    inference_stats: z
      .object({
        success: duration,
        fail: duration,
        queue: duration,
        compute_input: duration,
        compute_infer: duration,
        compute_output: duration,
        cache_hit: duration,
        cache_miss: duration,
      })
      .openapi({
        description:
          'Requests by outcome, then the stages of items: waiting for an engine, decoding and tokenizing, running. The protocol counts whole requests that a cache has answered: `cache_hit` and `cache_miss` stay 0, as the service keeps answers to single items.',
      }),
    batch_stats: z
      .array(
        z.object({
          batch_size: count,
          compute_input: duration,
          compute_infer: duration,
          compute_output: duration,
        }),
      )
      .openapi({ description: 'Runs of an engine by their number of items.' }),
  })
  .openapi('ModelStatistics');
/** The statistics of one model, as Triton's extension defines them. */
export type StatisticsOfModel = z.infer<typeof modelStatisticsSchema>;
/** How often something happened, and how many nanoseconds it took in all. */
export type Duration = z.infer<typeof duration>;

/** Counters since the start of the service, by Triton's statistics extension. */
export const statisticsSchema = z.object({ model_stats: z.array(modelStatisticsSchema) }).openapi('Statistics');

/** The request for the index of the model repository, which may be empty. */
export const indexRequestSchema = z
  .looseObject({
    ready: optionalField(z.boolean({ error: 'must be true or false' })).openapi({
      description: 'Whether to list only models that are ready.',
    }),
  })
  // Swagger UI would otherwise make up fields.
  .openapi('RepositoryIndexRequest', { example: { ready: true } });

/** The index of the model repository. */
export const indexSchema = z
  .array(
    z.object({
      name: z.string(),
      version: z.string(),
      state: z.enum(['READY', 'LOADING', 'UNAVAILABLE']),
      reason: z.string().openapi({ description: 'Why the model is not ready.' }),
    }),
  )
  .openapi('RepositoryIndex');
/** See {@link indexSchema}. */
export type RepositoryIndex = z.infer<typeof indexSchema>;
