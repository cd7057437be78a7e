import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Part } from '../shard.ts';
import type { ResultFormat } from './format.ts';
import { readPartial } from './lines.ts';
import type { Tally } from './outcome.ts';
import { partialFile, partName } from './part-file.ts';
import { readPart } from './read-part.ts';
import type { WritableFolder } from './result-folder.ts';

/** A part that is not complete. */
export interface OpenPart {
  readonly part: Part;
  /** Its first row that has no outcome yet. */
  readonly next: number;
  /** Bytes of the rows that have one. */
  readonly length: number;
  /** The id that the last of them should have; undefined if there are none. */
  readonly lastId: string | undefined;
}

/**
 * Finds out what is left to do, and counts what is done. Of a part that was begun, the complete lines are kept.
 *
 * @throws UserError `input-unreadable` for a part with more or fewer rows than it should have; the signal's reason
 */
export async function openParts(
  folder: WritableFolder,
  parts: readonly Part[],
  format: ResultFormat,
  tally: Tally,
  signal: AbortSignal,
): Promise<OpenPart[]> {
  const names = await folder.list();
  const open: OpenPart[] = [];
  for (const part of parts) {
    signal.throwIfAborted();
    const partial = partialFile(folder, part);
    if (!names.has(partName(part, format))) {
      open.push(await beginning(partial, part, tally));
      continue;
    }
    const rows = readPart(folder, part, format, tally);
    while ((await rows.next()).done !== true);
    // Left by a run that was killed between publishing the part and removing this.
    await rm(partial, { force: true });
  }
  return open;
}

async function beginning(file: string, part: Part, tally: Tally): Promise<OpenPart> {
  let next = part.first;
  let length = 0;
  let last: string | undefined;
  if (existsSync(file)) {
    for await (const { text, end } of readPartial(file)) {
      // After a loss of power, the end of a file may be anything.
      if (next === part.end || !tally.addLine(text)) break;
      next++;
      length = end;
      last = text;
    }
  }
  const lastId = last === undefined ? undefined : String((JSON.parse(last) as { readonly id?: unknown }).id);
  return { part, next, length, lastId };
}
