import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readExamples as readFolder } from '../model/package/examples.ts';
import { ANSWERS } from './answers.ts';

const sentencesSchema = z.array(
  z.object({
    premise: z.string().optional(),
    hypothesis: z.string(),
    /** What the picture decides. */
    answer: z.enum(ANSWERS),
  }),
);

/** An example picture: its file and what is asked about it. */
export interface Example {
  /** The picture is that of the held-out scene of this seed, which is its file's name. */
  readonly seed: number;
  /** Path of the picture file. */
  readonly file: string;
  readonly sentences: z.infer<typeof sentencesSchema>;
}

/** The folder of the examples, as a package has it; a build reads it from the sources. */
export const EXAMPLES = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './examples/' : '../../demo/examples/', import.meta.url),
);

/** The example pictures that ship with the repository, with their sentences. */
export async function readExamples(): Promise<readonly Example[]> {
  const { examples, problems } = await readFolder(EXAMPLES, ANSWERS);
  if (problems.length > 0) throw new Error(problems.join(' '));
  return examples.map(({ file, sentences }) => ({
    seed: Number(path.parse(file).name),
    file,
    sentences: sentencesSchema.parse(sentences),
  }));
}
