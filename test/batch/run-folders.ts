import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_NAMES } from '../../batch/input/columns.ts';
import { partName } from '../../batch/output/part-file.ts';
import { writableDiskFolder } from '../../batch/output/result-folder.ts';
import { writeRunFile, type RunDescription } from '../../batch/output/run-file.ts';
import { partsOf, rangeOf } from '../../batch/shard.ts';

/** A run over five rows in parts of two. */
export const RUN: RunDescription = {
  model: { name: 'mini', precision: 'fp32', digest: 'a'.repeat(64) },
  settings: { LABELS: 'No,Yes,Maybe', IMAGE_ORIENTATION: 'exif' },
  input: {
    name: 'rows.jsonl',
    sha256: 'b'.repeat(64),
    rows: 5,
    images: '/pictures',
    columns: DEFAULT_NAMES,
    texts: [],
  },
  shard: { index: 0, count: 1 },
  partRows: 2,
  parts: 'jsonl',
};

/** A line of results; a row with an odd number failed. */
export function lineOf(number: number): string {
  return `${JSON.stringify(number % 2 === 0 ? { id: number, label: 'Yes' } : { id: number, error: { code: 'bad' } })}\n`;
}

/** Writes what a run leaves that went to its end. @returns the folder */
export async function writeRun(folder: string, run: RunDescription = RUN): Promise<string> {
  const output = await writableDiskFolder(folder);
  await writeRunFile(output, run);
  for (const part of partsOf(rangeOf(run.shard, run.input.rows), run.partRows)) {
    const lines = Array.from({ length: part.end - part.first }, (_, row) => lineOf(part.first + row));
    writeFileSync(join(folder, partName(part, run.parts)), lines.join(''));
  }
  await output.close();
  return folder;
}
