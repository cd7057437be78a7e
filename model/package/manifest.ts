import { z } from 'zod';
import { isInside } from '../inside.ts';
import { PACKAGE_FILES, PACKAGE_FORMAT } from './layout.ts';

/** Largest piece that is accepted: a few pieces are in memory while a package is verified. */
const MAX_PIECE_BYTES = 64 << 20;

/** Types of weights and activations. */
export const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;

const sumSchema = z.string().regex(/^[0-9a-f]{64}$/);

const fileSchema = z.object({
  name: z.string().refine(isInside, { error: 'it must be the path of a file in the folder' }),
  bytes: z.number().int().nonnegative(),
  /** SHA-256 of the whole file in hex. */
  sha256: sumSchema,
});

const packageFileSchema = fileSchema.extend({
  /** SHA-256 of each `pieceBytes` of the file in hex; the last piece can be shorter. */
  pieces: z.array(sumSchema),
});

const selfTestCaseSchema = z.object({
  /** Seed of the generated image: see `selfTestImage` in model/package/self-test.ts. */
  imageSeed: z.number().int().nonnegative(),
  /** The encoder's input, `<s>` and `</s>` included. */
  inputIds: z.array(z.number().int().nonnegative()).min(2),
  /** Expected probabilities, in the order of `answers`. */
  probabilities: z.array(z.number().min(0).max(1)),
});

/** Longest {@link knowsSchema} and {@link nameSchema} in characters. */
const MAX_LINE = 300;
/** The rule for `knows`, as the end of a sentence. */
export const KNOWS_RULE = `one sentence of at most ${MAX_LINE} characters, on one line`;

/** One line without spaces at its ends. */
const LINE = /^\S(?:[^\p{Cc}\p{Zl}\p{Zp}]*\S)?$/u;

/** What pictures and texts a model was trained for, as one sentence for its users. */
export const knowsSchema = z
  .string({ error: KNOWS_RULE })
  .max(MAX_LINE, { error: KNOWS_RULE })
  .regex(LINE, { error: KNOWS_RULE });

/** The rule for a model's name, as the end of a sentence. */
export const NAME_RULE = `one line of at most ${MAX_LINE} characters, without spaces at its ends`;

/** A name that a model can be given. */
export const nameSchema = z.string().max(MAX_LINE).regex(LINE);

const contentSchema = z.object({
  format: z.literal(PACKAGE_FORMAT),
  /** Name of the model, by default the checkpoint folder's name. The compiler is stricter: see {@link nameSchema}. */
  name: z.string().min(1),
  /** See {@link knowsSchema}; absent for models whose checkpoint does not say. */
  knows: knowsSchema.optional(),
  compiler: z.object({ name: z.literal('ofa-ve'), version: z.string() }),
  /** The checkpoint files that the package was compiled from, by their paths in the checkpoint folder. */
  source: z.object({ files: z.array(fileSchema) }),
  /** Every file of the package but the manifest, by its path in the package's folder. */
  files: z.array(packageFileSchema),
  /** Size of the pieces that have checksums of their own. */
  pieceBytes: z.number().int().positive().max(MAX_PIECE_BYTES),
  /** Type of weights and activations. It does not change inputs and outputs. */
  precision: z.enum(PRECISIONS),
  /** The pictures that int8 was calibrated with. */
  calibration: z
    .object({
      from: z.enum(['folder', 'examples', 'generated']),
      pictures: z.number().int().positive(),
      /** SHA-256 of the contents of all files, one after another, in hex. */
      sha256: sumSchema,
    })
    .optional(),
  image: z.object({
    /** Side of the square RGB image in pixels. The image graph's input is uint8 [batch, size, size, 3]. */
    size: z.number().int().positive(),
  }),
  text: z.object({
    /** Templates of the prompt, whose `{}` are filled in order with cleaned texts. */
    prompts: z.object({
      /** Without a premise: filled with the hypothesis. */
      hypothesis: z.string(),
      /** Filled with the premise and the hypothesis. */
      premise: z.string(),
    }),
    /** Words kept of each cleaned text. */
    maxWords: z.number().int().positive(),
    /** Tokens kept of the prompt, without `<s>` and `</s>`. */
    maxTokens: z.number().int().positive(),
    /**
     * Text lengths (`<s>` and `</s>` included) to which a batch is padded, ascending. The last one fits `maxTokens`.
     * With each of them, image positions + length is a multiple of 8.
     */
    lengths: z.array(z.number().int().positive()).min(1),
    specialTokens: z.object({
      bos: z.number().int().nonnegative(),
      pad: z.number().int().nonnegative(),
      eos: z.number().int().nonnegative(),
    }),
  }),
  /** Answers, in the order of the graph's outputs. */
  answers: z.array(z.string().min(1)).min(2),
  graph: z.object({
    /** Parameters of the checkpoint that the graph uses. */
    parameters: z.number().int().nonnegative(),
    /** Multiply-adds per request at the longest of `text.lengths`. */
    multiplyAdds: z.number().nonnegative(),
    /** Image positions in the encoder's sequence, which continues with the text's tokens. */
    imagePositions: z.number().int().positive(),
    /** How often each operator occurs, and its multiply-adds. */
    operators: z.array(
      z.object({
        operator: z.string(),
        count: z.number().int().positive(),
        multiplyAdds: z.number().nonnegative(),
      }),
    ),
    opset: z.number().int().positive(),
  }),
  memory: z.object({
    /** Bytes of weights and constants, in memory once loaded. */
    weightsBytes: z.number().int().nonnegative(),
    /** Estimated bytes of activations per item of a batch, at the longest of `text.lengths`. */
    activationBytesPerItem: z.number().int().nonnegative(),
  }),
  selfTest: z.object({
    /** Largest absolute difference from an expected probability that passes. */
    tolerance: z.number().positive(),
    cases: z.array(selfTestCaseSchema).min(1),
  }),
});

/** The content of `manifest.json`: everything that a server needs to know about a package besides the graph. */
export const manifestSchema = contentSchema.superRefine(({ files, pieceBytes }, context) => {
  for (const name of [PACKAGE_FILES.imageGraph, PACKAGE_FILES.graph, PACKAGE_FILES.weights, PACKAGE_FILES.tokenizer]) {
    if (files.some((file) => file.name === name)) continue;
    context.addIssue({ code: 'custom', path: ['files'], message: `it does not list ${name}` });
  }
  for (const [index, { bytes, pieces }] of files.entries()) {
    const count = Math.ceil(bytes / pieceBytes);
    if (pieces.length === count) continue;
    const message = `there must be ${count} pieces, not ${pieces.length}`;
    context.addIssue({ code: 'custom', path: ['files', index, 'pieces'], message });
  }
});

/** See {@link manifestSchema}. */
export type Manifest = z.infer<typeof manifestSchema>;
/** A case of the self-test that an engine runs before it reports ready. */
export type SelfTestCase = z.infer<typeof selfTestCaseSchema>;
