import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ANSWERS } from './world/claims.ts';

const sentenceSchema = z.object({
  premise: z.string().optional(),
  hypothesis: z.string(),
  /** What the picture decides. */
  answer: z.enum(ANSWERS),
});

const examplesSchema = z.array(
  z.object({
    /** The picture is that of the held-out scene of this seed. */
    seed: z.int(),
    sentences: z.array(sentenceSchema).min(1),
  }),
);

/** An example picture: its file and what is asked about it. */
export interface Example {
  readonly seed: number;
  /** Path of the picture file. */
  readonly file: string;
  readonly sentences: readonly z.infer<typeof sentenceSchema>[];
}

/** The folder of the example pictures; a build reads them from the sources. */
export const EXAMPLES = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './examples/' : '../../../model/demo/examples/', import.meta.url),
);

/** The example pictures that ship with the repository, with their sentences. */
export async function readExamples(): Promise<readonly Example[]> {
  const text = await readFile(path.join(EXAMPLES, 'examples.json'), 'utf8');
  return examplesSchema.parse(JSON.parse(text)).map(({ seed, sentences }) => ({
    seed,
    file: path.join(EXAMPLES, `${seed}.jpg`),
    sentences,
  }));
}
