import { z } from '@hono/zod-openapi';
import { textSchema } from '../requests/text.ts';
import { INPUTS, OUTPUT_NAMES } from './tensors.ts';

/** Most dimensions of a tensor's shape: more than any program uses. */
export const MAX_DIMENSIONS = 32;

const WHOLE = { error: 'must be a whole number' };
/** A number of elements or bytes. */
export const countSchema = z.number(WHOLE).int(WHOLE).nonnegative({ error: 'must not be below 0' });

/** Identifies a request; returned in its response. */
export const idSchema = textSchema;

/** The fields of an input that say what it holds. */
export const inputFields = {
  name: z.enum(INPUTS, { error: `must be ${INPUTS.slice(0, -1).join(', ')} or ${INPUTS.at(-1) ?? ''}` }),
  shape: z
    .array(countSchema, { error: 'must be a list of whole numbers' })
    .max(MAX_DIMENSIONS, { error: `must not have more than ${MAX_DIMENSIONS} dimensions` }),
  datatype: z.literal('BYTES', { error: 'must be BYTES' }),
};

/** The name of an output. */
export const outputNameSchema = z.enum(OUTPUT_NAMES, { error: `must be one of ${OUTPUT_NAMES.join(', ')}` });

/** Parameters of tensors by which Triton's extensions change where its elements are or what they say. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  classification: 'is not supported: request the outputs label, confidence and probabilities instead',
  shared_memory_region: 'is not supported: tensors must be in the request, and are in the response',
};

/**
 * Refuses parameters of an input or output without which the answer would be another than the client asks for. All
 * other unknown ones are hints.
 */
export function refuseExtensions(parameters: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  for (const [name, message] of Object.entries(UNSUPPORTED)) {
    // No classes, or no region, are asked for.
    if (!parameters[name]) continue;
    context.addIssue({ code: 'custom', path: [name], message });
  }
}

/** A list of inputs, each once. */
export function inputsOf<Input extends z.ZodType>(input: Input) {
  return z
    .array(input, { error: 'must be a list of inputs' })
    .min(1, { error: 'must hold an input' })
    .max(INPUTS.length, { error: `must not hold more than ${INPUTS.length} inputs` });
}

/** A list of requested outputs. */
export function outputsOf<Output extends z.ZodType>(output: Output) {
  return z
    .array(output, { error: 'must be a list of outputs' })
    .max(OUTPUT_NAMES.length, { error: `must not hold more than ${OUTPUT_NAMES.length} outputs` });
}
