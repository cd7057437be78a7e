import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCheckpoint } from '../../model/compile/compile.ts';

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

const fixtures = new URL('../fixtures/ofa/', import.meta.url);

export function fixtureFile(fixture: string, file: string): string {
  return fileURLToPath(new URL(`${fixture}/${file}`, fixtures));
}

export async function expectedCases(fixture: string): Promise<ExpectedCase[]> {
  return JSON.parse(await readFile(fixtureFile(fixture, 'expected.json'), 'utf8')) as ExpectedCase[];
}

/** Compiles a fixture into a folder. @returns the package's folder */
export async function compileFixture(
  fixture: string,
  folder: string,
  precision: 'fp32' | 'fp16' = 'fp32',
): Promise<string> {
  const target = join(folder, `${fixture}-${precision}`);
  await compileCheckpoint(fixtureFile(fixture, ''), target, { precision });
  return target;
}
