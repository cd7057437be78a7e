import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readExamples as readFolder } from '../model/package/examples.ts';
import { ROOT } from '../model/root.ts';
import { ANSWERS } from './answers.ts';

const sentencesSchema = z.array(
  z.object({
    premise: z.string().optional(),
    hypothesis: z.string(),
    /** The right answer. */
    answer: z.enum(ANSWERS),
  }),
);

/** An example picture and the sentences to judge about it. */
export interface Example {
  /** Seed of the held-out scene that the picture shows; also the file's name. */
  readonly seed: number;
  /** Path of the picture file. */
  readonly file: string;
  readonly sentences: z.infer<typeof sentencesSchema>;
}

/** Folder of the examples, in the layout of a package. A build reads it from the sources. */
export const EXAMPLES = fileURLToPath(new URL('demo/examples/', ROOT));

/** Reads the example pictures that ship with the repository, with their sentences. */
export async function readExamples(): Promise<readonly Example[]> {
  const { examples, problems } = await readFolder(EXAMPLES, ANSWERS);
  if (problems.length > 0) throw new Error(problems.join(' '));
  return examples.map(({ file, sentences }) => ({
    seed: Number(path.parse(file).name),
    file,
    sentences: sentencesSchema.parse(sentences),
  }));
}
