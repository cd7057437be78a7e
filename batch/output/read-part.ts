import { UserError } from '../../model/errors.ts';
import type { Part } from '../shard.ts';
import type { ResultFormat } from './format.ts';
import { readResults } from './lines.ts';
import type { Tally } from './outcome.ts';
import { partName } from './part-file.ts';
import type { ResultFolder } from './result-folder.ts';

/**
 * Reads the rows of a complete part as lines of JSON, and counts them.
 *
 * @throws UserError `input-unreadable` after the last one if there are more or fewer than there should be
 */
export async function* readPart(
  folder: ResultFolder,
  part: Part,
  format: ResultFormat,
  tally: Tally,
): AsyncGenerator<string> {
  const file = await folder.open(partName(part, format));
  let rows = 0;
  for await (const line of readResults(file, format)) {
    if (tally.addLine(line)) rows++;
    yield line;
  }
  const expected = part.end - part.first;
  if (rows === expected) return;
  throw new UserError(
    'input-unreadable',
    `${file.name} has ${rows} rows but should have ${expected}: somebody has changed it. Delete it and run the batch command again, which computes its rows.`,
  );
}
