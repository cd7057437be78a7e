import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtureFile } from '../../testing/fixtures.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const TEXTS = ['there are circles', 'there is a dog', 'a red square is small', 'two birds', 'a man in a boat'];

/** A row as the tests write it. */
export interface TestRow {
  readonly id: string;
  readonly image: string;
  readonly text: string;
  readonly price: number;
}

/** A folder with three pictures. */
export function pictureFolder(): string {
  const folder = tempFolder();
  for (const name of ['image-00.png', 'image-01.png', 'image-02.png']) {
    copyFileSync(fixtureFile('mini-none', name), join(folder, name));
  }
  return folder;
}

/** Rows about the pictures of {@link pictureFolder}. */
export function testRows(count: number): TestRow[] {
  return Array.from({ length: count }, (_, row) => {
    const text = `${TEXTS[row % TEXTS.length] ?? ''} ${'and one '.repeat(row % 7)}${row}`;
    return { id: `row-${row}`, image: `image-0${row % 3}.png`, text, price: row };
  });
}

/** Writes rows beside the pictures. @returns the file */
export function writeRows(folder: string, rows: readonly object[], name = 'rows.jsonl'): string {
  const file = join(folder, name);
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}

/** The rows of a file of results. */
export function resultsIn(file: string): Record<string, unknown>[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
