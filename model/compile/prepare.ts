import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readConfig, type TaskConfig } from './checkpoint/config.ts';
import { foreignFile, HEAD_BYTES } from './checkpoint/foreign-file.ts';
import type { CompileOptions } from './compile-options.ts';
import { type FailureCode, UserError } from '../errors.ts';
import { type Example, findExamples } from '../package/examples.ts';
import { PACKAGE_FORMAT } from '../package/layout.ts';
import { KNOWS_RULE, knowsSchema, type Manifest, NAME_RULE, nameSchema, PRECISIONS } from '../package/manifest.ts';
import { buildTokenizerJson, loadTokenizer, type Tokenizer } from '../package/tokenizer.ts';
import { readRegularText } from '../regular-file.ts';
import { reasonOf } from '../system-reason.ts';
import { picturesIn } from './int8/calibration-pictures.ts';
import { modelName } from './model-name.ts';
import { textLengths } from './text-lengths.ts';
import { version } from '../version.ts';

/** What is known about a model before its weights are read. */
export interface Prepared {
  /** The model's name. */
  readonly name: string;
  readonly config: Awaited<ReturnType<typeof readConfig>>['model'];
  readonly task: TaskConfig;
  readonly tokenizerJson: string;
  readonly tokenizer: Tokenizer;
  readonly maxTokens: number;
  readonly lengths: readonly number[];
  readonly examples: readonly Example[];
}

/**
 * Checks the options, those that the manifest repeats by its own rules, so that no package is written that cannot be read.
 *
 * @throws UserError `settings-invalid` or `input-unreadable`
 */
async function checkOptions(name: string, options: CompileOptions): Promise<void> {
  const { precision = 'fp32', calibration, knows, maxTextTokens = 1 } = options;
  const refuse = (what: string, rule: string): never => {
    throw new UserError('settings-invalid', `${what} must be ${rule}.`);
  };
  if (!nameSchema.safeParse(name).success) refuse(`The model's name (--name), ${JSON.stringify(name)},`, NAME_RULE);
  if (!knowsSchema.optional().safeParse(knows).success) refuse('What the model knows (--knows)', KNOWS_RULE);
  if (!Number.isSafeInteger(maxTextTokens) || maxTextTokens < 1) {
    refuse('The longest prompt in tokens (--max-text-tokens)', 'a whole number above 0');
  }
  if (!PRECISIONS.includes(precision)) refuse('The precision (--precision)', `one of ${PRECISIONS.join(', ')}`);
  await checkCalibration(precision, calibration);
}

/**
 * @throws UserError `settings-invalid` if pictures for calibration are given where nothing is calibrated, or
 *   `input-unreadable` if their folder has none
 */
export async function checkCalibration(
  precision: Manifest['precision'],
  calibration: string | undefined,
): Promise<void> {
  if (calibration === undefined) return;
  if (precision !== 'int8') {
    throw new UserError(
      'settings-invalid',
      `--calibration is for int8 alone, and the precision is ${precision}; leave it out, or add --precision int8.`,
    );
  }
  await picturesIn(calibration);
}

/** @throws UserError if the checkpoint is not a folder but, say, its file of weights */
async function checkFolder(checkpoint: string): Promise<void> {
  if (checkpoint === '') throw new UserError('checkpoint-unreadable', 'The path of the checkpoint folder is empty.');
  const found = await stat(checkpoint).catch(() => undefined);
  if (found?.isFile() !== true) return;
  throw new UserError(
    'checkpoint-unreadable',
    `${checkpoint} is a file; give the checkpoint folder, in which config.json is beside the weights.`,
  );
}

/** Reads the checkpoint's configuration, vocabulary and examples. @throws UserError if one cannot be used */
export async function prepare(checkpoint: string, options: CompileOptions): Promise<Prepared> {
  const name = options.name ?? modelName(checkpoint);
  await checkOptions(name, options);
  await checkFolder(checkpoint);
  const { model, task } = await readConfig(checkpoint);
  const tokenizerJson = buildTokenizerJson(
    await readText(checkpoint, 'vocab.json'),
    await readText(checkpoint, 'merges.txt'),
  );
  const tokenizer = loadTokenizer(tokenizerJson);
  const maxTokens = promptTokens(model, task, tokenizer, options);
  return {
    name,
    config: model,
    task,
    tokenizerJson,
    tokenizer,
    maxTokens,
    lengths: textLengths(imagePositions(task), maxTokens + 2),
    examples: await findExamples(checkpoint, options.examples, task.answers),
  };
}

/**
 * The most tokens of a prompt.
 *
 * @throws UserError if there are more than the model has positions for, or so few that every prompt would be cut off before
 *   its hypothesis, and have the same answer
 */
function promptTokens(
  { maxPositionEmbeddings: positions }: Prepared['config'],
  { maxSrcLength, prompts }: TaskConfig,
  tokenizer: Tokenizer,
  { maxTextTokens: given }: CompileOptions,
): number {
  const [before = ''] = prompts.hypothesis.split('{}');
  // A space belongs to the token behind it.
  const fewest = tokenizer.encode(before.trimEnd()).length + 1;
  const refuseBelow = (least: number, code: FailureCode, what: string, value: number): void => {
    if (value >= least) return;
    throw new UserError(
      code,
      `${what} ${value} leaves no token of the prompt for the hypothesis, which comes after ${fewest - 1}: at least ${least}.`,
    );
  };
  // Two are for <s> and </s>.
  refuseBelow(fewest + 2, 'checkpoint-unsupported', 'max_position_embeddings', positions);
  const most = positions - 2;
  if (given === undefined) {
    refuseBelow(fewest, 'checkpoint-unsupported', 'max_src_length', maxSrcLength);
    return Math.min(maxSrcLength, most);
  }
  refuseBelow(fewest, 'settings-invalid', '--max-text-tokens', given);
  if (given <= most) return given;
  throw new UserError(
    'settings-invalid',
    `--max-text-tokens ${given} is more than the model's positions allow: at most ${most}.`,
  );
}

/** The part of the manifest that follows from the checkpoint's configuration. */
export function describe(
  prepared: Prepared,
  precision: Manifest['precision'],
): Pick<Manifest, 'format' | 'compiler' | 'precision' | 'image' | 'text' | 'answers'> {
  const { task } = prepared;
  return {
    format: PACKAGE_FORMAT,
    compiler: { name: 'ofa-ve', version },
    precision,
    image: { size: task.patchImageSize },
    text: textOf(prepared),
    answers: [...task.answers],
  };
}

/** The part of the manifest about texts. */
export function textOf({ task, tokenizer, maxTokens, lengths }: Prepared): Manifest['text'] {
  return {
    prompts: task.prompts,
    maxWords: task.maxSrcLength,
    maxTokens,
    lengths: [...lengths],
    specialTokens: tokenizer.special,
  };
}

/** Image positions in the encoder's sequence: one per 16 x 16 pixels. */
export function imagePositions(task: TaskConfig): number {
  return (task.patchImageSize / 16) ** 2;
}

async function readText(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  try {
    const text = await readRegularText(file);
    const foreign = foreignFile(Buffer.from(text.slice(0, HEAD_BYTES)));
    if (foreign !== undefined) throw new UserError('checkpoint-unreadable', `${file} ${foreign}`);
    return text;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'checkpoint-incomplete',
      `The checkpoint folder ${folder} has no readable ${name}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}
