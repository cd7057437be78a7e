import { z } from '@hono/zod-openapi';
import { MAX_TEXTS, MAX_TEXT_CHARACTERS } from './predict-schema.ts';

const strings = z.array(z.string({ error: 'must hold texts' }), { error: 'must be a list of texts' });

const dataSchema = z
  .union([strings, z.array(strings).transform((rows) => rows.flat())], {
    error: 'must be a list of texts',
  })
  .refine((data) => data.length >= 1 && data.length <= MAX_TEXTS, {
    error: `must hold 1 to ${MAX_TEXTS} elements`,
  });

const inputSchema = z
  .object({
    name: z.enum(['image', 'text', 'premise'], { error: 'must be image, text or premise' }),
    shape: z.array(z.number().int().nonnegative(), { error: 'must be a list of whole numbers' }),
    datatype: z.literal('BYTES', { error: 'must be BYTES' }),
    parameters: z.record(z.string(), z.unknown()).optional(),
    data: dataSchema,
  })
  .openapi('InferInput');

/** The body of an inference in the Open Inference Protocol (KServe's and Triton's version 2, REST). */
export const inferBodySchema = z
  .object({
    id: z.string().max(MAX_TEXT_CHARACTERS).optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    inputs: z.array(inputSchema, { error: 'must be a list of inputs' }).min(1).max(3),
    outputs: z
      .array(z.object({ name: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }))
      .optional()
      .openapi({ description: 'The outputs that are wanted; all where it is missing.' }),
  })
  .openapi('InferRequest');

export type InferBody = z.infer<typeof inferBodySchema>;

/** One of the outputs. */
export const outputSchema = z.object({
  name: z.string(),
  shape: z.array(z.number().int()),
  datatype: z.enum(['BYTES', 'FP32', 'INT64']),
  data: z.array(z.union([z.string(), z.number()])),
});

/** The answer to an inference. */
export const inferAnswerSchema = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    outputs: z.array(outputSchema),
  })
  .openapi('InferResponse');

const tensorSchema = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.number().int()),
});

/** What a model takes and gives. */
export const modelMetadataSchema = z
  .object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorSchema),
    outputs: z.array(tensorSchema),
  })
  .openapi('ModelMetadata');
