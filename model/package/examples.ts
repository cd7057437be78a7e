import { copyFile, mkdir, open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { reasonOf } from '../system-reason.ts';

/**
 * The folder of examples in a checkpoint or model package: pictures, and `examples.json` with what to ask about them.
 * It may be missing. It is no part of the manifest: examples are shown, nothing is computed from them, and they may be
 * added to a package or changed without compiling it again.
 */
export const EXAMPLES_FOLDER = 'examples';
/** The list inside that folder: see {@link exampleSchema} for an entry. */
export const EXAMPLES_FILE = 'examples.json';

/** Largest picture in bytes: a page shows all of them. */
const MAX_PICTURE_BYTES = 10 * 2 ** 20;
/** Most examples, and most sentences about one picture. */
const MAX_EXAMPLES = 100;
const MAX_SENTENCES = 32;

const sentenceSchema = z.strictObject({
  /** What is judged. */
  hypothesis: z.string({ error: 'must be a text' }).min(1, { error: 'must not be empty' }),
  /** A text that is given as true, beside the picture. */
  premise: z.string({ error: 'must be a text' }).optional(),
  /** What would be right: one of the model's answers. */
  answer: z.string({ error: 'must be a text' }).optional(),
});

/** One entry of `examples.json`. */
const exampleSchema = z.strictObject({
  /** Name of a picture in the same folder. */
  image: z
    .string({ error: 'must be the name of a picture' })
    .regex(/^[^/\\\0]+$/, { error: 'must be the name of a picture in the same folder' }),
  /** What is to be seen, for those who do not see it. */
  alt: z.string({ error: 'must be a text' }).optional(),
  sentences: z
    .array(sentenceSchema, { error: 'must be a list' })
    .min(1, { error: 'must hold at least one sentence' })
    .max(MAX_SENTENCES, { error: `must not hold more than ${MAX_SENTENCES} sentences` }),
});

/** A picture and what is asked about it. */
export interface Example extends z.infer<typeof exampleSchema> {
  /** Path of the picture. */
  readonly file: string;
  /** What its first bytes say. Browsers show all of these. */
  readonly mediaType: MediaType;
}

/** Types of pictures that browsers show and the model reads. */
export type MediaType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif';

/** The examples of a folder that are whole, and a sentence for each of the others. */
export interface ReadExamples {
  readonly examples: readonly Example[];
  readonly problems: readonly string[];
}

/**
 * Reads the examples of a checkpoint or model package, as far as they are whole: nobody needs them, so a damaged one
 * is left out and told of.
 *
 * @param folder the folder `examples`; nothing is found where it holds no `examples.json`
 * @param answers the model's answers, which the expected ones must be among
 */
export async function readExamples(folder: string, answers: readonly string[]): Promise<ReadExamples> {
  const list = path.join(folder, EXAMPLES_FILE);
  let entries: unknown;
  try {
    entries = JSON.parse(await readFile(list, 'utf8'));
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
    problems.push(
      `${list} has ${entries.length} examples; those after the first ${MAX_EXAMPLES} are left out.`,
    );
  }
  return { examples, problems };
}

/**
 * Finds the examples that go into a package.
 *
 * @param given a folder that was asked for, which must have examples
 * @param checkpoint whose own folder `examples` is taken otherwise, if it has one
 * @throws UserError `input-unreadable` when one of the examples is not whole
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
    const remedy = given === undefined ? 'Correct it, or take the folder away.' : 'Correct it.';
    throw new UserError('input-unreadable', `${problem} ${remedy}`);
  }
  if (given !== undefined && examples.length === 0) {
    throw new UserError('input-unreadable', `${folder} has no ${EXAMPLES_FILE} with examples in it.`);
  }
  return examples;
}

/** Copies examples into a package's folder. None make no folder. */
export async function writeExamples(packageFolder: string, examples: readonly Example[]): Promise<void> {
  const [first] = examples;
  if (first === undefined) return;
  const target = path.join(packageFolder, EXAMPLES_FOLDER);
  await mkdir(target);
  const names = new Set([EXAMPLES_FILE, ...examples.map(({ image }) => image)]);
  for (const name of names) {
    await copyFile(path.join(path.dirname(first.file), name), path.join(target, name));
  }
}

/** @returns the example, or what is wrong with it: the end of a sentence */
async function readExample(
  folder: string,
  entry: unknown,
  answers: readonly string[],
): Promise<Example | string> {
  const parsed = exampleSchema.safeParse(entry);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue?.code === 'unrecognized_keys') return `"${issue.keys[0] ?? ''}" is not known there`;
    if (issue === undefined || issue.path.length === 0) return 'it must be an object';
    return `${issue.path.join('.')} ${issue.message}`;
  }
  const odd = parsed.data.sentences.find(({ answer }) => answer !== undefined && !answers.includes(answer));
  if (odd)
    return `the answer "${odd.answer ?? ''}" is not one of the model's, which are ${answers.join(', ')}`;
  const file = path.join(folder, parsed.data.image);
  try {
    const { size } = await stat(file);
    if (size > MAX_PICTURE_BYTES) {
      return `${parsed.data.image} is larger than ${MAX_PICTURE_BYTES / 2 ** 20} MiB`;
    }
    const mediaType = mediaTypeOf(await firstBytes(file));
    if (mediaType === undefined) return `${parsed.data.image} is not a JPEG, PNG, WebP or GIF file`;
    return { ...parsed.data, file, mediaType };
  } catch (error) {
    return `${parsed.data.image} cannot be read: ${reasonOf(error)}`;
  }
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(12), 0, 12, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function mediaTypeOf(bytes: Buffer): MediaType | undefined {
  const start = bytes.toString('latin1');
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (/^RIFF[^]{4}WEBP/.test(start)) return 'image/webp';
  if (/^GIF8[79]a/.test(start)) return 'image/gif';
  return undefined;
}
