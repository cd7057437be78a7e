import { copyFile, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { MIB } from '../bytes.ts';
import { UserError } from '../errors.ts';
import { FORMAT_BYTES, formatOf, type ImageFormat } from '../image-format.ts';
import { openRegular, readRegularText } from '../regular-file.ts';
import { reasonOf } from '../system-reason.ts';
import type { ModelPackage } from './open-package.ts';

/**
 * The folder of examples in a checkpoint or model package: pictures, and `examples.json` with sentences about them.
 * Optional.
 */
export const EXAMPLES_FOLDER = 'examples';
/** The list in that folder: see {@link exampleSchema} for an entry. */
const EXAMPLES_FILE = 'examples.json';

/** Largest picture in bytes: a page shows all pictures at once. */
const MAX_PICTURE_BYTES = 10 * MIB;
/** Limits on examples, and on sentences per picture. */
const MAX_EXAMPLES = 100;
const MAX_SENTENCES = 32;

const sentenceSchema = z.strictObject({
  /** The sentence to judge. */
  hypothesis: z.string({ error: 'must be a text' }).min(1, { error: 'must not be empty' }),
  /** A text that is given as true, in addition to the picture. */
  premise: z.string({ error: 'must be a text' }).optional(),
  /** The correct answer, one of the model's. */
  answer: z.string({ error: 'must be a text' }).optional(),
});

/** One entry of `examples.json`. */
const exampleSchema = z.strictObject({
  /** Name of a picture in the same folder. */
  image: z
    .string({ error: 'must be the name of a picture' })
    .regex(/^[^/\\\0]+$/, { error: 'must be the name of a picture in the same folder' }),
  /** Alternative text of the picture. */
  alt: z.string({ error: 'must be a text' }).optional(),
  sentences: z
    .array(sentenceSchema, { error: 'must be a list' })
    .min(1, { error: 'must hold at least one sentence' })
    .max(MAX_SENTENCES, { error: `must not hold more than ${MAX_SENTENCES} sentences` }),
});

/** The formats of pictures that the demo page shows in every browser. */
const SHOWN_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif'] as const satisfies readonly ImageFormat[];
type ShownFormat = (typeof SHOWN_FORMATS)[number];

function isShown(format: ImageFormat | undefined): format is ShownFormat {
  return SHOWN_FORMATS.some((shown) => shown === format);
}

/** A picture with sentences about it. */
export interface Example extends z.infer<typeof exampleSchema> {
  /** Path of the picture. */
  readonly file: string;
  /** By the file's content. */
  readonly mediaType: `image/${ShownFormat}`;
}

/** The valid examples of a folder, and an error sentence for each of the others. */
export interface ReadExamples {
  readonly examples: readonly Example[];
  readonly problems: readonly string[];
}

/**
 * Reads the examples of a checkpoint or model package. Examples are optional, so an invalid one is skipped and reported
 * instead of being an error.
 *
 * @param folder the folder `examples`; without an `examples.json` there are none
 * @param answers the model's answers, which correct answers must be among
 */
export async function readExamples(folder: string, answers: readonly string[]): Promise<ReadExamples> {
  const list = path.join(folder, EXAMPLES_FILE);
  let entries: unknown;
  try {
    entries = JSON.parse(await readRegularText(list));
  } catch (error) {
    if (error instanceof SyntaxError) return { examples: [], problems: [`${list} is not JSON.`] };
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { examples: [], problems: isMissing ? [] : [`${list} cannot be read: ${reasonOf(error)}.`] };
  }
  if (!Array.isArray(entries)) return { examples: [], problems: [`${list} is not a list of examples.`] };
  const examples: Example[] = [];
  const problems: string[] = [];
  for (const [index, entry] of entries.slice(0, MAX_EXAMPLES).entries()) {
    const read = await readExample(folder, entry, answers);
    if (typeof read === 'string') problems.push(`Example ${index + 1} of ${list}: ${read}.`);
    else examples.push(read);
  }
  if (entries.length > MAX_EXAMPLES) {
    problems.push(`${list} has ${entries.length} examples; only the first ${MAX_EXAMPLES} are used.`);
  }
  return { examples, problems };
}

/**
 * Finds the examples to put into a package.
 *
 * @param given a folder that the user asked for, which must have examples. Default: the checkpoint's own, if any
 * @throws UserError `input-unreadable` if one of the examples is invalid
 */
export async function findExamples(
  checkpoint: string,
  given: string | undefined,
  answers: readonly string[],
): Promise<readonly Example[]> {
  const folder = given ?? path.join(checkpoint, EXAMPLES_FOLDER);
  const { examples, problems } = await readExamples(folder, answers);
  const [problem] = problems;
  if (problem !== undefined) {
    const remedy = given === undefined ? 'Correct it, or remove the folder.' : 'Correct it.';
    throw new UserError('input-unreadable', `${problem} ${remedy}`);
  }
  if (given !== undefined && examples.length === 0) {
    throw new UserError('input-unreadable', `${folder} has no ${EXAMPLES_FILE} with examples in it.`);
  }
  return examples;
}

/**
 * Copies examples into a package. Creates no folder if there are none.
 *
 * @returns the files' paths in the package, with `/`
 */
export async function writeExamples(packageFolder: string, examples: readonly Example[]): Promise<string[]> {
  const [first] = examples;
  if (first === undefined) return [];
  const target = path.join(packageFolder, EXAMPLES_FOLDER);
  await mkdir(target);
  const names = new Set([EXAMPLES_FILE, ...examples.map(({ image }) => image)]);
  for (const name of names) {
    await copyFile(path.join(path.dirname(first.file), name), path.join(target, name));
  }
  return [...names].map((name) => path.posix.join(EXAMPLES_FOLDER, name));
}

/** Reads the examples that a package's manifest lists. */
export async function readPackageExamples({ dir, manifest }: ModelPackage): Promise<ReadExamples> {
  const list = path.posix.join(EXAMPLES_FOLDER, EXAMPLES_FILE);
  if (!manifest.files.some(({ name }) => name === list)) return { examples: [], problems: [] };
  return readExamples(path.join(dir, EXAMPLES_FOLDER), manifest.answers);
}

/** @returns the example, or what is wrong with it as a sentence without a full stop */
async function readExample(folder: string, entry: unknown, answers: readonly string[]): Promise<Example | string> {
  const parsed = exampleSchema.safeParse(entry);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue?.code === 'unrecognized_keys') return `"${issue.keys[0] ?? ''}" is not a known field`;
    if (issue === undefined || issue.path.length === 0) return 'it must be an object';
    return `${issue.path.join('.')} ${issue.message}`;
  }
  const wrong = parsed.data.sentences.find(({ answer }) => answer !== undefined && !answers.includes(answer));
  if (wrong) return `the answer "${wrong.answer ?? ''}" is not one of the model's, which are ${answers.join(', ')}`;
  const file = path.join(folder, parsed.data.image);
  try {
    const { size } = await stat(file);
    if (size > MAX_PICTURE_BYTES) {
      return `${parsed.data.image} is larger than ${MAX_PICTURE_BYTES / MIB} MiB`;
    }
    const format = formatOf(await firstBytes(file));
    if (!isShown(format)) {
      return `${parsed.data.image} is not a JPEG, PNG, WebP, AVIF or GIF file`;
    }
    return { ...parsed.data, file, mediaType: `image/${format}` };
  } catch (error) {
    return `${parsed.data.image} cannot be read: ${reasonOf(error)}`;
  }
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await openRegular(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(FORMAT_BYTES), 0, FORMAT_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
