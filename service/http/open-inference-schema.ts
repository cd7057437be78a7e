import { z } from '@hono/zod-openapi';
import { encodedImageSchema, MAX_TEXT_CHARACTERS, MAX_TEXTS } from './predict-schema.ts';

/** What the model gives, in the protocol's words; `answers` is how many it chooses from. */
export const OUTPUTS = {
  label: { datatype: 'BYTES', perItem: () => [] },
  result: { datatype: 'INT64', perItem: () => [] },
  confidence: { datatype: 'FP32', perItem: () => [] },
  probabilities: { datatype: 'FP32', perItem: (answers: number) => [answers] },
} as const satisfies Record<string, { datatype: string; perItem: (answers: number) => readonly number[] }>;

/** See {@link OUTPUTS}. */
export type OutputName = keyof typeof OUTPUTS;
const outputNames = Object.keys(OUTPUTS) as [OutputName, ...OutputName[]];

/** Names of the inputs; `premise` may be left out. */
export const INPUTS = ['image', 'text', 'premise'] as const;
export type InputName = (typeof INPUTS)[number];

const texts = z.array(encodedImageSchema, { error: 'must be a list of texts' });

const dataSchema = z
  .union([texts, z.array(texts).transform((rows) => rows.flat())], { error: 'must hold a list of texts' })
  .refine((data) => data.length >= 1 && data.length <= MAX_TEXTS, {
    error: `must hold 1 to ${MAX_TEXTS} elements`,
  });

const inputSchema = z
  .object({
    name: z.enum(INPUTS, { error: 'must be named image, text or premise' }),
    shape: z.array(z.number().int().nonnegative(), { error: 'must have a shape: a list of whole numbers' }),
    datatype: z.literal('BYTES', { error: 'must be of datatype BYTES' }),
    parameters: z
      .looseObject({
        binary_data_size: z
          .number()
          .int()
          .nonnegative()
          .optional()
          .openapi({ description: 'Bytes of the elements behind the JSON, each after its length (uint32).' }),
      })
      .optional(),
    data: dataSchema.optional(),
  })
  .openapi('InferInput');

/** The body of an inference in the Open Inference Protocol (KServe's and Triton's version 2, REST). */
export const inferBodySchema = z
  .object({
    id: z.string().max(MAX_TEXT_CHARACTERS).optional(),
    parameters: z
      .looseObject({
        binary_data_output: z.boolean().optional().openapi({
          description: 'Whether outputs come as bytes behind the JSON unless they say otherwise.',
        }),
      })
      .optional(),
    inputs: z.array(inputSchema, { error: 'must be a list of inputs' }).min(1).max(INPUTS.length),
    outputs: z
      .array(
        z.object({
          name: z.enum(outputNames, { error: `must hold names among ${outputNames.join(', ')}` }),
          parameters: z.looseObject({ binary_data: z.boolean().optional() }).optional(),
        }),
      )
      .optional()
      .openapi({ description: 'The outputs that are wanted; all where it is missing.' }),
  })
  .openapi('InferRequest');

export type InferBody = z.infer<typeof inferBodySchema>;
export type InferInput = z.infer<typeof inputSchema>;

const outputSchema = z.object({
  name: z.string(),
  shape: z.array(z.number().int()),
  datatype: z.enum(['BYTES', 'FP32', 'INT64']),
  parameters: z.object({ binary_data_size: z.number().int() }).optional(),
  data: z.array(z.union([z.string(), z.number()])).optional(),
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
