import { existsSync } from 'node:fs';
import { UserError } from '../../model/errors.ts';
import type { Part } from '../shard.ts';
import type { Tally } from './outcome.ts';
import { partFile, partialFile, readLines } from './part-file.ts';

/** A part that is not complete. */
export interface OpenPart {
  readonly part: Part;
  /** Its first row that has no outcome yet. */
  readonly next: number;
  /** Bytes of the rows that have one. */
  readonly length: number;
}

/**
 * Finds out what is left to do, and counts what is done. Of a part that was begun, the complete lines are kept.
 *
 * @throws UserError `input-unreadable` for a part with more or fewer rows than it should have
 */
export async function openParts(folder: string, parts: readonly Part[], tally: Tally): Promise<OpenPart[]> {
  const open: OpenPart[] = [];
  for (const part of parts) {
    const isComplete = existsSync(partFile(folder, part));
    if (isComplete) await countComplete(partFile(folder, part), part, tally);
    else open.push(await beginning(partialFile(folder, part), part, tally));
  }
  return open;
}

async function countComplete(file: string, part: Part, tally: Tally): Promise<void> {
  let rows = 0;
  for await (const { text } of readLines(file)) {
    if (tally.addLine(text)) rows++;
  }
  const expected = part.end - part.first;
  if (rows === expected) return;
  throw new UserError(
    'input-unreadable',
    `${file} has ${rows} rows but should have ${expected}: somebody has changed it. Delete it, and its rows are computed again.`,
  );
}

async function beginning(file: string, part: Part, tally: Tally): Promise<OpenPart> {
  let next = part.first;
  let length = 0;
  if (existsSync(file)) {
    for await (const { text, end } of readLines(file)) {
      // After a loss of power, the end of a file may be anything.
      if (next === part.end || !tally.addLine(text)) break;
      next++;
      length = end;
    }
  }
  return { part, next, length };
}
