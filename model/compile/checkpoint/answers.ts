import { join, posix } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { staysInside } from '../../inside.ts';
import { readJson } from './json-file.ts';

const answersSchema = z.record(z.string().min(1), z.int().nonnegative());

/**
 * Checks and normalizes the name in `answer2label`.
 *
 * @throws UserError (checkpoint-unsafe) if it is outside the checkpoint folder
 */
export function answersFileName(folder: string, answer2label: string): string {
  const name = posix.normalize(answer2label);
  if (staysInside(name)) return name;
  throw new UserError(
    'checkpoint-unsafe',
    `${join(folder, 'configuration.json')}: model.answer2label is ${JSON.stringify(answer2label)}, which is outside the ` +
      'checkpoint folder; supported is the name of a file in it.',
  );
}

/**
 * Reads the file that `answer2label` names, such as `{"no": 0, "yes": 1, "maybe": 2}`.
 *
 * @param name see {@link answersFileName}
 * @returns the answers in the order of their labels
 * @throws UserError if the file is missing, or does not have two or more answers with distinct labels
 */
export async function readAnswers(folder: string, name: string): Promise<string[]> {
  const file = join(folder, name);
  const parsed = answersSchema.safeParse(await readJson(file));
  const labels = parsed.success ? Object.values(parsed.data) : [];
  if (!parsed.success || labels.length < 2 || new Set(labels).size < labels.length) {
    throw new UserError(
      'checkpoint-unsupported',
      `${file} is not a list of answers: it must have two or more answers with distinct labels, ` +
        'such as {"no": 0, "yes": 1, "maybe": 2}.',
      parsed.success ? undefined : { cause: parsed.error },
    );
  }
  return Object.entries(parsed.data)
    .sort(([, a], [, b]) => a - b)
    .map(([answer]) => answer);
}
