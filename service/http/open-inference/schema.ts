import { z } from '@hono/zod-openapi';
import { MAX_JSON_MIB } from '../body/json.ts';
import {
  countSchema,
  idSchema,
  inputFields,
  inputsOf,
  outputNameSchema,
  outputsOf,
  refuseExtensions,
} from '../../open-inference/schema.ts';
import { optionalField } from '../../requests/check.ts';
import { MAX_TEXTS } from '../../requests/text.ts';

/** The header of the binary tensor extension: the number of bytes of JSON, which binary tensors follow. */
export const JSON_LENGTH_HEADER = 'Inference-Header-Content-Length';

const SIZE = `must hold 1 to ${MAX_TEXTS} elements`;
/** Texts and images: a longest text is enforced where it is known to be one. */
const texts = z.array(z.string()).max(MAX_TEXTS);
const rows = z.array(texts).max(MAX_TEXTS);

const dataSchema = z
  .union([texts, rows.transform((data) => data.flat())], {
    error: ({ input }) => (isTooLong(input) ? SIZE : 'must hold a list of texts'),
  })
  .refine((data) => data.length >= 1 && data.length <= MAX_TEXTS, { error: SIZE })
  // Without a union, from which a generator of Java clients writes code that does not compile.
  .openapi({
    type: 'array',
    items: {},
    minItems: 1,
    maxItems: MAX_TEXTS,
    description: `Strings, or rows of strings; at most ${MAX_TEXTS} strings in all.`,
  });

/** Whether there are more elements, or rows of them, than a tensor may hold. */
function isTooLong(data: unknown): boolean {
  return Array.isArray(data) && Math.max(data.length, data.flat().length) > MAX_TEXTS;
}

const AN_OBJECT = { error: 'must be an object' };
const A_FLAG = { error: 'must be true or false' };

const inputSchema = z
  .object(
    {
      ...inputFields,
      parameters: optionalField(
        z
          .looseObject(
            {
              binary_data_size: optionalField(countSchema).openapi({
                description: 'Bytes of this tensor behind the JSON; each element follows its length (uint32).',
              }),
            },
            AN_OBJECT,
          )
          .superRefine(refuseExtensions),
      ),
      data: optionalField(dataSchema),
    },
    AN_OBJECT,
  )
  .openapi('InferInput');

/** The body of an inference request in the Open Inference Protocol (V2 of KServe and Triton, REST). */
export const inferBodySchema = z
  .object({
    id: optionalField(idSchema).openapi({ description: 'Returned in the response.' }),
    parameters: optionalField(
      z.looseObject(
        {
          binary_data_output: optionalField(z.boolean(A_FLAG)).openapi({
            description: 'Whether outputs are binary unless they say otherwise.',
          }),
        },
        AN_OBJECT,
      ),
    ),
    inputs: inputsOf(inputSchema),
    outputs: optionalField(
      outputsOf(
        z.object(
          {
            name: outputNameSchema,
            parameters: optionalField(
              z.looseObject({ binary_data: optionalField(z.boolean(A_FLAG)) }, AN_OBJECT).superRefine(refuseExtensions),
            ),
          },
          AN_OBJECT,
        ),
      ),
    ).openapi({ description: 'The requested outputs, each once. Default: all.' }),
  })
  .openapi('InferRequest', {
    description: `At most ${MAX_JSON_MIB} MiB of JSON: send larger images as binary tensors.`,
  });

export type InferBody = z.infer<typeof inferBodySchema>;

const outputSchema = z.object({
  name: z.string(),
  shape: z.array(z.number().int()),
  datatype: z.enum(['BYTES', 'FP32', 'INT64']),
  parameters: z.object({ binary_data_size: z.number().int() }).optional(),
  // Their type follows from `datatype`. Without a union, which half of the generators of clients cannot read.
  data: z
    .array(z.union([z.string(), z.number()]))
    .optional()
    .openapi({ type: 'array', items: {}, description: 'Strings or numbers.' }),
});

/** The response to an inference request. */
export const inferAnswerSchema = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    parameters: z.object({
      digest: z.string().openapi({ description: "Identifies the model's package." }),
      warnings: z.string().optional().openapi({
        description: 'Warnings about texts: a JSON list as in the answers of /predict. Absent where there are none.',
      }),
    }),
    outputs: z.array(outputSchema),
  })
  .openapi('InferResponse');

/** The server's liveness. */
export const serverLiveSchema = z.object({ live: z.boolean() }).openapi('ServerLive');

/** Its readiness. The protocol's text has `live` here, too, and clients read one or the other. */
export const serverReadySchema = z.object({ live: z.boolean(), ready: z.boolean() }).openapi('ServerReady');

/** The model's readiness. */
export const modelReadySchema = z.object({ name: z.string(), ready: z.boolean() }).openapi('ModelReady');

/** The server and its extensions. */
export const serverMetadataSchema = z
  .object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
  .openapi('ServerMetadata');
