import { z } from '@hono/zod-openapi';
import { MAX_TEXTS, textSchema } from '../../requests/text.ts';
import { MAX_JSON_MIB } from '../body/json.ts';

/** The end of the sentence that refuses more hypotheses. */
export const TOO_MANY = `must not hold more than ${MAX_TEXTS} texts`;

const hypothesis = textSchema.openapi({
  description: 'The hypothesis: the sentence to judge.',
  example: 'there are two dogs',
});

const premise = textSchema.openapi({
  description: 'A text to take as true besides the image. A blank one counts as none.',
});

const texts = z
  .array(hypothesis, { error: 'must be a list of texts' })
  .min(1, { error: 'must hold at least one text' })
  .max(MAX_TEXTS, { error: TOO_MANY });

/** The JSON body of a prediction. */
export const jsonBodySchema = z
  .strictObject({
    image: z.string({ error: 'must be the image in base64, or as a data URI' }).openapi({
      description: 'An image file (JPEG, PNG, WebP, GIF or TIFF) in base64, or as a data URI.',
      example: 'iVBORw0KGgo...',
    }),
    text: hypothesis.optional(),
    texts: texts.optional().openapi({
      description: 'Several hypotheses about the image; the answer has `results` in the same order.',
    }),
    premise: premise.optional(),
  })
  .openapi('PredictJson', {
    description: `Give either \`text\` or \`texts\`. At most ${MAX_JSON_MIB} MiB: send larger images in a multipart form.`,
    oneOf: [{ required: ['text'] }, { required: ['texts'] }],
  });

const imageFile = z
  .instanceof(Uint8Array, { error: 'must be a file (curl -F image=@FILE)' })
  .refine(({ length }) => length > 0, { error: 'is empty' })
  .openapi({ type: 'string', format: 'binary', description: 'An image file.' });

/** A multipart form with only an image. */
export const imageFormSchema = z.object({ image: imageFile }).openapi('ImageForm');

/** The multipart form of a prediction. */
export const formBodySchema = z
  .strictObject({
    image: imageFile,
    // A field that occurs once is a list of one.
    text: z
      .array(hypothesis, { error: 'must be a text, not a file' })
      .min(1)
      .max(MAX_TEXTS, { error: TOO_MANY })
      .openapi({
        description: 'The hypothesis. Repeat the field to judge several; the answer then has `results`.',
      }),
    premise: premise.optional(),
  })
  .openapi('PredictForm');

const scores = z.record(z.string(), z.number()).openapi({ example: { yes: 0.02, no: 0.93, maybe: 0.05 } });

/** The judgement on one hypothesis. */
const judgementSchema = z
  .object({
    result: z.number().int().openapi({ description: 'Index of the label in `labels`.', example: 1 }),
    label: z.string().openapi({ example: 'no' }),
    confidence: z.number().openapi({ description: 'Probability of the label.', example: 0.93 }),
    scores: scores.openapi({ description: 'Probability of each label.' }),
  })
  .openapi('Judgement');

const common = {
  labels: z
    .array(z.string())
    .openapi({ description: "The model's labels in its order.", example: ['yes', 'no', 'maybe'] }),
  latency_ms: z.number().openapi({ description: 'Time spent in the service, in milliseconds.', example: 87.4 }),
  model: z.object({ name: z.string(), precision: z.enum(['fp32', 'fp16']), digest: z.string() }).openapi({
    description: 'The model that answered; `digest` identifies its package.',
  }),
  request_id: z.string(),
};

/** The answer to one hypothesis. */
export const predictionSchema = judgementSchema.extend(common).openapi('Prediction');

/** The answer to several hypotheses. */
export const predictionsSchema = z.object({ results: z.array(judgementSchema), ...common }).openapi('Predictions');
