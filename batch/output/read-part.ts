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
 * @throws UserError `input-unreadable` for a line that is no row, and after the last one if there are more or fewer than
 *   there should be
 */
export async function* readPart(
  folder: ResultFolder,
  part: Part,
  format: ResultFormat,
  tally: Tally,
): AsyncGenerator<string> {
  const file = await folder.open(partName(part, format));
  let rows = 0;
  const refuse = (what: string): never => {
    const remedy = 'somebody has changed it. Delete it and run the batch command again, which computes its rows.';
    throw new UserError('input-unreadable', `${file.name} ${what}: ${remedy}`);
  };
  for await (const line of readResults(file, format)) {
    if (!tally.addLine(line)) refuse(`has a line ${rows + 1} that is no row`);
    rows++;
    yield line;
  }
  const expected = part.end - part.first;
  if (rows !== expected) refuse(`has ${rows} rows but should have ${expected}`);
}
