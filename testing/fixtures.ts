import { existsSync } from 'node:fs';
import { cp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { compileCheckpoint } from '../model/compile/compile.ts';
import { tempFolder } from './temp-folder.ts';

/** What the reference implementation answered for a picture and a text. */
export interface ExpectedCase {
  readonly image: string;
  readonly text: string;
  /** The premise, where the case has one. */
  readonly text2?: string;
  readonly input_ids: readonly number[];
  readonly log_scores: readonly number[];
  readonly probs: readonly number[];
  readonly label: string;
}

/** The checkpoints that come with the tests. */
export const FIXTURES = ['mini-none', 'mini-prev-output'] as const;

const fixtures = new URL('../test/fixtures/ofa/', import.meta.url);

/** Path of a fixture's file. */
export function fixtureFile(fixture: string, file: string): string {
  return fileURLToPath(new URL(`${fixture}/${file}`, fixtures));
}

export async function expectedCases(fixture: string): Promise<ExpectedCase[]> {
  return JSON.parse(await readFile(fixtureFile(fixture, 'expected.json'), 'utf8')) as ExpectedCase[];
}

/**
 * A fixture's package that the caller may change: a copy of the one that is compiled once for all test files.
 *
 * @returns its folder
 */
export async function fixturePackage(
  fixture: (typeof FIXTURES)[number],
  precision: 'fp32' | 'fp16' | 'int8' = 'fp32',
): Promise<string> {
  const name = `${fixture}-${precision}`;
  const shared = join(inject('sharedFolder'), name);
  if (!existsSync(shared)) {
    const compiled = join(tempFolder(), name);
    await compileCheckpoint(fixtureFile(fixture, ''), compiled, { precision });
    await rename(compiled, shared).catch((error: unknown) => {
      // Another worker was faster.
      if (!existsSync(shared)) throw error;
    });
  }
  const copy = join(tempFolder(), name);
  await cp(shared, copy, { recursive: true });
  return copy;
}
