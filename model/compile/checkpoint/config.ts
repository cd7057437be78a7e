import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { answersFileName, readAnswers } from './answers.ts';
import { ARCHITECTURE, REQUIREMENTS, TASK } from './config-schema.ts';
import { parseFields, readJson, unsupported } from './json-file.ts';

type CamelCase<Name> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;
type CamelCased<T> = { readonly [Name in keyof T as CamelCase<Name & string>]: T[Name] };

/** The architecture, from `config.json`: see {@link ARCHITECTURE} for the fields. */
export type OfaConfig = CamelCased<z.infer<typeof ARCHITECTURE>>;

function camelCased<T extends object>(fields: T): CamelCased<T> {
  const camelCase = (name: string): string => name.replace(/_./g, ([, letter = '']) => letter.toUpperCase());
  const entries = Object.entries(fields).map(([name, value]) => [camelCase(name), value as unknown]);
  return Object.fromEntries(entries) as CamelCased<T>;
}

/** The task, from `configuration.json` and the file of answers that it names. */
export interface TaskConfig {
  /** Side of the square image in pixels, a multiple of 16. */
  readonly patchImageSize: number;
  /** Words kept of each text, and tokens kept of the prompt. May exceed the positions that the model has. */
  readonly maxSrcLength: number;
  /** Whether pixels are normalised by ImageNet's mean and standard deviation instead of 0.5 and 0.5. */
  readonly imagenetMeanStd: boolean;
  /** What the decoder starts from: `<s>` alone, or the whole input without `</s>`. */
  readonly promptType: 'none' | 'prev_output';
  /** Templates whose `{}` are filled in order: with the hypothesis, or with the premise and the hypothesis. */
  readonly prompts: { readonly hypothesis: string; readonly premise: string };
  /** In the order of their labels. */
  readonly answers: readonly string[];
  /** Path in the checkpoint folder, with `/`, of the file that lists the answers. */
  readonly answersFile: string;
  /** What the model was trained for, as one sentence for its users. */
  readonly knows: string | undefined;
}

/** The reference's prompts. Their spaces matter. */
const PROMPTS = {
  hypothesis: ' does the image describe " {} "?',
  premise: ' can image and text1 " {} " imply text2 " {} "?',
} as const;

/** What says in a `config.json` of Hugging Face's layout that a model is an OFA. */
const OFA_MODEL = z.union([
  z.object({ model_type: z.literal('ofa') }),
  z.object({ architectures: z.array(z.string()).refine((names) => names.includes('OFAModel')) }),
]);

/** Refuses a checkpoint that was not trained for visual entailment, as far as its files tell. */
function refuseGeneralModel(folder: string, json: unknown): void {
  if (existsSync(join(folder, 'configuration.json')) || !OFA_MODEL.safeParse(json).success) return;
  throw new UserError(
    'checkpoint-unsupported',
    `${folder} is a general OFA checkpoint in Hugging Face's layout: its config.json is that of an OFA model, but there ` +
      'is no configuration.json with the task visual-entailment and its answers. Compile a model for visual entailment, ' +
      "such as iic/ofa_visual-entailment_snli-ve_large_en; if this one was trained for it, add ModelScope's " +
      'configuration.json and the file of answers that it names.',
  );
}

async function readArchitecture(folder: string): Promise<OfaConfig> {
  const file = join(folder, 'config.json');
  const json = await readJson(file);
  refuseGeneralModel(folder, json);
  parseFields(file, REQUIREMENTS, json);
  const fields = parseFields(file, ARCHITECTURE, json);
  for (const part of ['encoder', 'decoder'] as const) {
    const heads = fields[`${part}_attention_heads`];
    if (fields.d_model % heads !== 0) {
      throw unsupported(file, `${part}_attention_heads`, heads, `a divisor of d_model (${fields.d_model})`);
    }
  }
  return camelCased(fields);
}

/** Reads `configuration.json`, which must name a file of answers. */
async function readTaskFields(folder: string): Promise<z.infer<typeof TASK> & { answersFile: string }> {
  const file = join(folder, 'configuration.json');
  const fields = parseFields(file, TASK, await readJson(file));
  const { model } = fields;
  if (model.answer2label === undefined) {
    throw new UserError(
      'checkpoint-unsupported',
      `${file}: model.answer2label is missing, so that model.gen_type "${model.gen_type}" would answer in free text; ` +
        'supported is a closed list of answers in a JSON file that answer2label names.',
    );
  }
  return { ...fields, answersFile: answersFileName(folder, model.answer2label) };
}

/**
 * The name of the file of answers in a checkpoint folder that has only a `configuration.json` yet.
 *
 * @throws UserError as {@link readConfig} does
 */
export async function readAnswersFileName(folder: string): Promise<string> {
  return (await readTaskFields(folder)).answersFile;
}

async function readTask(folder: string, imageBucketSize: number): Promise<TaskConfig> {
  const { model, answersFile, knows } = await readTaskFields(folder);
  const size = model.patch_image_size;
  if (size / 16 > imageBucketSize) {
    const most = 16 * imageBucketSize;
    const file = join(folder, 'configuration.json');
    throw unsupported(file, 'model.patch_image_size', size, `at most ${most}, 16 times image_bucket_size`);
  }
  const { prompt } = model;
  return {
    patchImageSize: size,
    maxSrcLength: model.max_src_length,
    imagenetMeanStd: model.imagenet_default_mean_and_std,
    promptType: model.prompt_type,
    prompts: prompt === undefined ? PROMPTS : { hypothesis: prompt, premise: prompt },
    answers: await readAnswers(folder, answersFile),
    answersFile,
    knows,
  };
}

/**
 * Reads `config.json`, `configuration.json` and the answers of a checkpoint folder. Missing fields have the reference's
 * defaults. Fields that do not matter for inference are ignored.
 *
 * @throws UserError (checkpoint-unsupported) naming the field, its value and what is supported;
 *   (checkpoint-unreadable) if a file is missing or is not JSON
 */
export async function readConfig(folder: string): Promise<{ model: OfaConfig; task: TaskConfig }> {
  const model = await readArchitecture(folder);
  return { model, task: await readTask(folder, model.imageBucketSize) };
}
