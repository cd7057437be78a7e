import { z } from '@hono/zod-openapi';
import { MIB } from '../../../model/bytes.ts';
import { IMAGE_FORMATS } from '../../../model/image-format.ts';
import { PRECISIONS } from '../../../model/package/manifest.ts';
import { optionalField } from '../../requests/check.ts';
import { MAX_TEXTS, textSchema, TOO_MANY } from '../../requests/text.ts';
import { MAX_JSON_MIB, MAX_STRUCTURE_KIB } from '../body/json.ts';
import { warningSchema } from './warnings.ts';

/** A picture for examples: 8 x 8 pixels, a red square on white, as PNG in base64. */
export const EXAMPLE_IMAGE =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEX////IHh7kMBY6AAAAD0lEQVR42mNgAAIbKAQCAAeQAPEJFbVWAAAAAElFTkSuQmCC';

/** Texts for examples. */
export const EXAMPLE_TEXTS = ['There are two red squares.', 'The square is red, and not small.'] as const;

const hypothesis = textSchema.openapi({
  description: 'The hypothesis: the sentence to judge. A blank one gets 422.',
  minLength: 1,
  example: EXAMPLE_TEXTS[0],
});

const premise = textSchema.openapi({
  description: 'A text to take as true besides the image. A blank one counts as none.',
  // Swagger UI would otherwise send "string".
  example: '',
});

const EXPLAIN =
  'Whether to add `explanation` to the answer: which parts of the picture decide it. It takes as long as about 80 answers and is for one text at a time. Gets 429 while the service is busy, and 400 if the model is too slow to explain an answer in time.';

const texts = z.array(hypothesis, { error: 'must be a list of texts' }).max(MAX_TEXTS, { error: TOO_MANY });

/**
 * Either `text` or `texts`, and one text only if its answer is to be explained. Not oneOf, from which generators of
 * clients make two types. Linters want every property named. The types of the library lack these keywords.
 */
const EITHER_TEXT_OR_TEXTS: object = {
  if: { properties: { image: {}, text: { type: 'string' }, texts: {}, premise: {}, explain: {} }, required: ['text'] },
  // Clients in Java send an empty list for one that is absent.
  then: { properties: { image: {}, text: {}, texts: { maxItems: 0 }, premise: {}, explain: {} } },
  else: {
    properties: { image: {}, text: {}, texts: { type: 'array', items: {}, minItems: 1 }, premise: {}, explain: {} },
    required: ['texts'],
    if: {
      properties: { image: {}, text: {}, texts: {}, premise: {}, explain: { type: 'boolean', const: true } },
      required: ['explain'],
    },
    then: { properties: { image: {}, text: {}, texts: { maxItems: 1 }, premise: {}, explain: {} } },
  },
};

/** A form has one text only if its answer is to be explained. */
const ONE_TEXT_TO_EXPLAIN: object = {
  if: {
    properties: { image: {}, text: {}, premise: {}, explain: { type: 'string', const: 'true' } },
    required: ['explain'],
  },
  then: { properties: { image: {}, text: { maxItems: 1 }, premise: {}, explain: {} } },
};

/** The JSON body of a prediction. */
export const jsonBodySchema = z
  .object({
    image: z.string({ error: 'must be the image in base64, or as a data URI' }).openapi({
      description: `An image file (${IMAGE_FORMATS}) in base64 (RFC 4648, also URL-safe, padded or not), or as a data URI with base64, percent-encoded or not.`,
      minLength: 1,
      maxLength: MAX_JSON_MIB * MIB,
    }),
    text: optionalField(hypothesis),
    texts: optionalField(texts).openapi({
      description: 'Several hypotheses about the image, instead of `text`; the answer has `results` in the same order.',
    }),
    premise: optionalField(premise),
    explain: optionalField(z.boolean({ error: 'must be true or false' })).openapi({ description: EXPLAIN }),
  })
  .openapi('PredictJson', {
    description: `Give either \`text\` or \`texts\`. JSON may have ${MAX_JSON_MIB} MiB in all, of which ${MAX_STRUCTURE_KIB} KiB outside of strings: send larger images in a form.`,
    ...EITHER_TEXT_OR_TEXTS,
  });

/** The end of the sentence that refuses an image in a form that is not a file. */
export const NOT_A_FILE =
  'must be a file: its part needs a filename, or a type such as image/jpeg (curl -F image=@FILE)';

const imageFile = z
  .instanceof(Uint8Array, { error: NOT_A_FILE })
  .refine(({ length }) => length > 0, { error: 'is empty' })
  .openapi({
    type: 'string',
    format: 'binary',
    description: `An image file, not empty: ${IMAGE_FORMATS}.`,
  });

/** A multipart form with only an image. */
export const imageFormSchema = z.object({ image: imageFile }).openapi('ImageForm');

/** Most parts of a form: image, texts, premise, and some spare, so that too many texts are reported as such. */
export const MAX_PARTS = MAX_TEXTS + 16;

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/** The multipart form of a prediction. */
export const formBodySchema = z
  .object({
    image: imageFile,
    // A field that occurs once is a list of one.
    text: z.array(hypothesis).min(1).max(MAX_TEXTS, { error: TOO_MANY }).openapi({
      description: 'The hypothesis. Repeat the field to judge several; the answer then has `results`.',
    }),
    premise: premise.optional(),
    explain: z
      // Other languages write a boolean with a capital: str(True), True.ToString().
      .preprocess(lowerCase, z.enum(['true', 'false'], { error: 'must be true or false' }))
      .optional()
      .openapi({ type: 'string', enum: ['true', 'false'], description: EXPLAIN }),
  })
  .openapi('PredictForm', ONE_TEXT_TO_EXPLAIN);

/** A form with a single text, which errors call by the name of its field, not by a place in a list. */
export const oneTextFormSchema = formBodySchema.extend({ text: hypothesis.transform((text) => [text]) });

/** What generators of clients need to send one field for each text, instead of one with commas. */
export const formEncoding = { text: { style: 'form', explode: true } } as const;

/** Without its format, generators of clients read numbers with 32 bits, or as decimals. */
const number = z.number().openapi({ format: 'double' });

/** Which parts of the picture decide an answer. */
export const explanationSchema = z
  .object({
    method: z.string().openapi({ description: 'How it was found; only `occlusion` so far.', example: 'occlusion' }),
    heatmap: z.array(z.array(number)).openapi({
      description:
        '8 rows from top to bottom of 8 numbers from left to right, one for each of 64 equal parts of the upright picture: by how much the probability of `label` falls, on average over the windows of two by two parts that cover this one, when a window is filled with the mean colour of the picture. Below 0 where it rises.',
    }),
  })
  .openapi('Explanation');

/** The judgement on one hypothesis. */
export const judgementSchema = z
  .object({
    result: z.number().int().openapi({ description: 'Index of the label in `labels`.' }),
    label: z.string().openapi({ description: 'The most probable answer.' }),
    confidence: number.openapi({ description: 'Probability of the label.' }),
    scores: z.record(z.string(), number).openapi({ description: 'Probability of each label.' }),
    explanation: explanationSchema.optional().openapi({ description: 'If the request had `explain`.' }),
  })
  .openapi('Judgement');

/**
 * The answer: the members of a judgement for one hypothesis, or `results` for several. One schema with optional members,
 * since few generators of clients can read a union.
 */
export const predictionSchema = z
  .object({
    ...judgementSchema.partial().shape,
    results: z.array(judgementSchema).optional().openapi({
      description:
        'The judgements in the order of the hypotheses, if there were several or if JSON had `texts`; the members of a single judgement are then absent.',
    }),
    labels: z.array(z.string()).openapi({ description: 'All answers, in their order.' }),
    warnings: z.array(warningSchema).optional().openapi({ description: 'Absent where there are none.' }),
    latency_ms: number.openapi({ description: 'Time spent in the service, in milliseconds.' }),
    model: z
      .object({
        name: z.string(),
        precision: z.enum(PRECISIONS),
        digest: z.string().openapi({ description: "Identifies the model's package." }),
      })
      .openapi('Model', { description: 'The model that answered.' }),
    request_id: z.string().openapi({ description: 'The same as in the header X-Request-Id.' }),
  })
  .openapi('Prediction');
