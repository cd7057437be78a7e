import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../model/errors.ts';
import { notWritten } from '../model/not-written.ts';
import { makeUploadFolder, type OpenFile } from './output/files.ts';
import { resultFormatOf, type ResultFormat } from './output/format.ts';
import { writeResults } from './output/lines.ts';
import { resultFolder } from './output/open-folder.ts';
import { Tally } from './output/outcome.ts';
import { partName } from './output/part-file.ts';
import { readPart } from './output/read-part.ts';
import { moveOnDisk, type ResultFolder } from './output/result-folder.ts';
import { differenceOf, readRunFile, type RunDescription } from './output/run-file.ts';
import { partsOf, rangeOf, type Part } from './shard.ts';
import { inFolder } from './storage/files.ts';
import { isS3 } from './storage/s3.ts';

interface Run {
  readonly folder: ResultFolder;
  readonly description: RunDescription;
}

/** A part, and where it is. */
interface FoundPart {
  readonly folder: ResultFolder;
  readonly part: Part;
  readonly format: ResultFormat;
}

/**
 * Joins the parts of a run, or of all shards of one, to one file in the order of the input.
 *
 * @param folders of runs, or of shards, or the folder that has those of all shards
 * @param output the file or object, which must not exist; its ending chooses the format
 * @returns counts of all rows
 * @throws UserError if a row is missing, or the folders have results of different runs
 */
export async function mergeRuns(folders: readonly string[], output: string, openFile: OpenFile = open): Promise<Tally> {
  const there = isS3(output) ? (await import('./storage/s3-file.ts')).exists(output) : existsSync(output);
  if (await there) {
    throw new UserError('output-not-writable', `${output} exists already: delete it, or choose another file.`);
  }
  const runs = await findRuns(folders);
  checkTogether(runs);
  const parts = await findParts(runs);
  const format = resultFormatOf(output);
  if (format === 'jsonl' && parts.some((part) => part.format === 'parquet')) {
    throw new UserError(
      'settings-invalid',
      `The parts are Parquet: --output must end with .parquet, unlike ${output}.`,
    );
  }
  const upload = isS3(output) ? await makeUploadFolder('ofa-ve-merge-') : undefined;
  const partial = upload === undefined ? `${output}.partial` : path.join(upload.folder, 'merged');
  try {
    const tally = new Tally();
    await writeAll(partial, openFile, parts, format, tally);
    if (upload === undefined) await moveOnDisk(partial, output);
    else await (await import('./output/s3-folder.ts')).uploadFile(partial, output);
    return tally;
  } catch (error) {
    throw notWritten(output, error);
  } finally {
    await (upload === undefined ? rm(partial, { force: true }) : upload.remove());
  }
}

/** The parts of all runs, in the order of the input. @throws UserError if one is missing */
async function findParts(runs: readonly Run[]): Promise<FoundPart[]> {
  const found: FoundPart[] = [];
  const missing: string[] = [];
  for (const { folder, description } of runs) {
    const { input, shard, partRows, parts: format } = description;
    const names = await folder.list();
    for (const part of partsOf(rangeOf(shard, input.rows), partRows)) {
      const name = partName(part, format);
      if (names.has(name)) found.push({ folder, part, format });
      else missing.push(folder.address(name));
    }
  }
  const [first] = missing;
  if (first === undefined) return found;
  const what =
    missing.length > 1 ? `${missing.length} parts are missing, the first of them ${first}` : `${first} is missing`;
  throw incomplete(`${what}. Run the batch command to its end.`);
}

/** The runs of all folders, in the order of their shards. */
async function findRuns(folders: readonly string[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const address of folders) {
    const folder = await resultFolder(address);
    const description = await readRunFile(folder);
    if (description !== undefined) {
      runs.push({ folder, description });
      continue;
    }
    const shards: Run[] = [];
    for (const name of await folder.list()) {
      if (!name.startsWith('shard-')) continue;
      const inner = await resultFolder(inFolder(address, name));
      const found = await readRunFile(inner);
      if (found !== undefined) shards.push({ folder: inner, description: found });
    }
    if (shards.length === 0) {
      throw new UserError('input-unreadable', `The folder ${address} has no results of ofa-ve batch.`);
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
    const { partRows, parts, input, shard } = description;
    const like = { ...first.description, partRows, parts, shard: { ...shard, count } };
    const difference = differenceOf(description, { ...like, input: { ...like.input, images: input.images } });
    if (difference !== undefined) {
      throw new UserError(
        'input-unreadable',
        `The folder ${folder.name} has results ${difference}, unlike ${first.folder.name}: they cannot be merged.`,
      );
    }
    if (shard.index > index) throw incomplete(`Shard ${index}/${count} is missing.`);
    if (shard.index < index) {
      const message = `Shard ${shard.index}/${count} is there twice: in ${runs[index - 1]?.folder.name ?? ''} and ${folder.name}.`;
      throw new UserError('input-unreadable', message);
    }
  }
  if (runs.length < count) throw incomplete(`Shard ${runs.length}/${count} is missing.`);
}

function incomplete(message: string): UserError {
  return new UserError('input-unreadable', `The results are not complete: ${message}`);
}

async function writeAll(
  file: string,
  openFile: OpenFile,
  parts: readonly FoundPart[],
  format: ResultFormat,
  tally: Tally,
): Promise<void> {
  const handle = await openFile(file, 'w');
  try {
    await writeResults(linesOf(parts, tally), format, handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* linesOf(parts: readonly FoundPart[], tally: Tally): AsyncGenerator<string> {
  for (const { folder, part, format } of parts) yield* readPart(folder, part, format, tally);
}
