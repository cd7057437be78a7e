import { open } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { shorten } from '../../model/echo.ts';
import { notWritten } from '../../model/not-written.ts';
import { UserError } from '../../model/errors.ts';
import { hasRows } from './part-file.ts';
import type { ResultFolder, WritableFolder } from './result-folder.ts';

/** Readers of folders of tables, such as Spark's and Arrow's, skip what begins with `_`. */
const RUN_FILE = '_run.json';

/** Version of the folder's layout and of the rows in it. */
const FORMAT = 1;

const runSchema = z.object({
  format: z.literal(FORMAT),
  model: z.object({ name: z.string(), precision: z.string(), digest: z.string() }),
  /** Settings that change answers. */
  settings: z.object({ LABELS: z.string(), IMAGE_ORIENTATION: z.string() }),
  input: z.object({
    name: z.string(),
    sha256: z.string(),
    rows: z.number().int().nonnegative(),
    images: z.string(),
    columns: z.record(z.string(), z.string()),
    texts: z.array(z.string()),
  }),
  shard: z.object({ index: z.number().int().nonnegative(), count: z.number().int().positive() }),
  partRows: z.number().int().positive(),
  /** The part files' format. */
  parts: z.enum(['jsonl', 'parquet']).default('jsonl'),
});

/** What the results in a folder are results of. */
export type RunDescription = Omit<z.infer<typeof runSchema>, 'format'>;

/**
 * Reads what the results in a folder are results of.
 *
 * @returns undefined if the folder has none
 * @throws UserError `input-unreadable`
 */
export async function readRunFile(folder: ResultFolder): Promise<RunDescription | undefined> {
  if (!(await folder.list()).has(RUN_FILE)) return undefined;
  const file = await folder.open(RUN_FILE);
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.stream()) chunks.push(chunk);
  const parsed = runSchema.safeParse(jsonOf(Buffer.concat(chunks).toString('utf8')));
  if (parsed.success) return parsed.data;
  const message = `${file.name} is damaged, or of another version of ofa-ve: use another folder.`;
  throw new UserError('input-unreadable', message, { cause: parsed.error });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Records what the results in a folder are results of.
 *
 * @throws UserError `output-not-writable` if it has some already, and nothing that says so; or `disk-full`
 */
export async function writeRunFile(folder: WritableFolder, run: RunDescription): Promise<void> {
  const names = await folder.list();
  if (!names.has(RUN_FILE) && [...names].some(hasRows)) {
    const problem = `The folder ${folder.name} has results, but no ${RUN_FILE}, which says what they are results of`;
    throw new UserError('output-not-writable', `${problem}. Choose another --output, or delete the folder.`);
  }
  const file = path.join(folder.workFolder, `${RUN_FILE}.partial`);
  try {
    const handle = await open(file, 'w');
    try {
      await handle.writeFile(`${JSON.stringify({ format: FORMAT, ...run }, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await folder.publish(file, RUN_FILE);
  } catch (cause) {
    throw notWritten(folder.address(RUN_FILE), cause);
  }
}

/**
 * How two runs differ, so that their results must not be mixed.
 *
 * @returns a clause such as "of another model (a, not b)"; undefined if they do not differ
 */
export function differenceOf(found: RunDescription, wanted: RunDescription): string | undefined {
  if (found.model.digest !== wanted.model.digest) {
    return `of another model (${found.model.name} ${found.model.digest.slice(0, 12)}, not ${wanted.model.name} ${wanted.model.digest.slice(0, 12)})`;
  }
  for (const name of ['LABELS', 'IMAGE_ORIENTATION'] as const) {
    const [there, here] = [found.settings[name], wanted.settings[name]];
    if (there !== here) return `of another ${name} ("${there}", not "${here}")`;
  }
  if (found.input.sha256 !== wanted.input.sha256) {
    return `of another input (${found.input.name} with ${found.input.rows} rows, whose content was another)`;
  }
  if (!isSameFolder(found.input.images, wanted.input.images))
    return `of another folder of images (${found.input.images})`;
  for (const name of ['columns', 'texts'] as const) {
    if (!isSame(found.input[name], wanted.input[name])) {
      return `of other ${name} (${shown(found.input[name])}, not ${shown(wanted.input[name])})`;
    }
  }
  if (!isSame(found.shard, wanted.shard)) return `of another shard (${found.shard.index}/${found.shard.count})`;
  if (found.partRows !== wanted.partRows) return `in parts of another length (--part-rows ${found.partRows})`;
  if (found.parts !== wanted.parts) return `in part files of another format (${found.parts})`;
  return undefined;
}

function shown(value: unknown): string {
  return shorten(JSON.stringify(value));
}

/** Whether two addresses are of one folder: those of S3 may end with a slash. */
function isSameFolder(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '');
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
