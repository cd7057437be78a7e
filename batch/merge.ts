import { existsSync } from 'node:fs';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../model/errors.ts';
import { reasonOf } from '../model/system-reason.ts';
import { notWritten, publish, type OpenFile } from './output/files.ts';
import { Tally } from './output/outcome.ts';
import { partFile, readLines } from './output/part-file.ts';
import { differenceOf, readRunFile, type RunDescription } from './output/run-file.ts';
import { partsOf, rangeOf, type Part } from './shard.ts';

interface Run {
  readonly folder: string;
  readonly description: RunDescription;
}

/**
 * Joins the parts of a run, or of all shards of one, to one file in the order of the input.
 *
 * @param folders of runs, or of shards, or the folder that has those of all shards
 * @param output the file, which must not exist
 * @returns counts of all rows
 * @throws UserError if a row is missing, or the folders have results of different runs
 */
export async function mergeRuns(folders: readonly string[], output: string, openFile: OpenFile = open): Promise<Tally> {
  if (existsSync(output)) {
    throw new UserError('output-not-writable', `${output} exists already: delete it, or choose another file.`);
  }
  const runs = await findRuns(folders);
  checkTogether(runs);
  const files = runs.flatMap(({ folder, description: { input, shard, partRows } }) =>
    partsOf(rangeOf(shard, input.rows), partRows).map((part) => ({ part, file: partFile(folder, part) })),
  );
  const missing = files.filter(({ file }) => !existsSync(file));
  const [first] = missing;
  if (first !== undefined) {
    const more = missing.length > 1 ? `, and ${missing.length - 1} more are missing` : '';
    throw incomplete(`${first.file} is missing${more}. Run the batch command to its end.`);
  }
  const partial = `${output}.partial`;
  try {
    const tally = new Tally();
    await write(partial, openFile, async (handle) => {
      for (const { part, file } of files) await copyPart(file, part, handle, tally);
    });
    await publish(partial, output);
    return tally;
  } catch (error) {
    await rm(partial, { force: true });
    throw error instanceof UserError ? error : notWritten(output, error);
  }
}

/** The runs of all folders, in the order of their shards. */
async function findRuns(folders: readonly string[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const folder of folders) {
    const description = await readRunFile(folder);
    if (description !== undefined) {
      runs.push({ folder, description });
      continue;
    }
    const names = await readdir(folder).catch((cause: unknown) => {
      throw new UserError('input-unreadable', `Cannot read ${folder}: ${reasonOf(cause)}.`, { cause });
    });
    const shards: Run[] = [];
    for (const name of names) {
      if (!name.startsWith('shard-')) continue;
      const inner = path.join(folder, name);
      const found = await readRunFile(inner);
      if (found !== undefined) shards.push({ folder: inner, description: found });
    }
    if (shards.length === 0) {
      throw new UserError('input-unreadable', `The folder ${folder} has no results of ofa-ve batch.`);
    }
    runs.push(...shards);
  }
  return runs.sort((a, b) => a.description.shard.index - b.description.shard.index);
}

/** Checks that runs are all shards of one input, each once. */
function checkTogether(runs: readonly Run[]): void {
  const [first] = runs;
  if (first === undefined) return;
  const { count } = first.description.shard;
  for (const [index, { folder, description }] of runs.entries()) {
    // Each shard may have parts of its own length, and pictures at a place of its own.
    const { partRows, input, shard } = description;
    const like = { ...first.description, partRows, shard: { ...shard, count } };
    const difference = differenceOf(description, { ...like, input: { ...like.input, images: input.images } });
    if (difference !== undefined) {
      throw new UserError(
        'input-unreadable',
        `The folder ${folder} has results ${difference}, unlike ${first.folder}: they cannot be merged.`,
      );
    }
    if (shard.index > index) throw incomplete(`Shard ${index}/${count} is missing.`);
    if (shard.index < index) {
      const message = `Shard ${shard.index}/${count} is there twice: in ${runs[index - 1]?.folder ?? ''} and ${folder}.`;
      throw new UserError('input-unreadable', message);
    }
  }
  if (runs.length < count) throw incomplete(`Shard ${runs.length}/${count} is missing.`);
}

function incomplete(message: string): UserError {
  return new UserError('input-unreadable', `The results are not complete: ${message}`);
}

async function write(file: string, openFile: OpenFile, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await openFile(file, 'w');
  try {
    await work(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Lines are written together, at least this many characters at once. */
const CHUNK = 1 << 18;

async function copyPart(file: string, part: Part, handle: FileHandle, tally: Tally): Promise<void> {
  let rows = 0;
  let chunk = '';
  for await (const { text } of readLines(file)) {
    if (tally.addLine(text)) rows++;
    chunk += `${text}\n`;
    if (chunk.length < CHUNK) continue;
    await handle.appendFile(chunk);
    chunk = '';
  }
  await handle.appendFile(chunk);
  const expected = part.end - part.first;
  if (rows !== expected) throw incomplete(`${file} has ${rows} rows but should have ${expected}.`);
}
