import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readPartNames } from '../compile/checkpoint/shards.ts';
import { WEIGHT_FILES } from '../compile/checkpoint/weights.ts';
import { UserError } from '../errors.ts';
import { type ListedFile, type Listing, parseJson, staysInside } from './listing.ts';

/** Small files that every checkpoint has; they name the others. */
const DESCRIPTIONS = ['config.json', 'configuration.json', 'vocab.json', 'merges.txt'] as const;

const taskSchema = z.object({ model: z.object({ answer2label: z.string() }) });

/**
 * Picks the files that compiling needs, as far as the listing alone determines them; no others are downloaded.
 *
 * @param from names the repository in messages
 * @returns the files to be downloaded first, and the name of the weights that compiling would read, or of the
 *   `.index.json` that names their parts
 * @throws UserError (listing-unusable) that names all missing files
 */
export function neededFiles(listing: Listing, from: string): { first: ListedFile[]; weights: string } {
  const weights = WEIGHT_FILES.find((name) => listing.has(name)) ?? WEIGHT_FILES.join(' or ');
  const files = take(listing, [...DESCRIPTIONS, weights], from);
  return { first: files.filter(({ name }) => name !== weights || isIndex(name)), weights };
}

/**
 * The file of answers that the downloaded `configuration.json` names. Empty if it names none: reading the
 * configuration reports that.
 *
 * @throws UserError (listing-unusable) if the listing lacks it, (checkpoint-unsafe) if it is outside the folder
 */
export async function answersFile(listing: Listing, folder: string, from: string): Promise<ListedFile[]> {
  const file = path.join(folder, 'configuration.json');
  const parsed = taskSchema.safeParse(parseJson(await readFile(file, 'utf8')));
  if (!parsed.success) return [];
  const name = path.posix.normalize(parsed.data.model.answer2label);
  if (!staysInside(name)) {
    throw new UserError(
      'checkpoint-unsafe',
      `${file} names a file of answers outside its folder: ${JSON.stringify(name)}.`,
    );
  }
  return take(listing, [name], from);
}

/**
 * The files that hold the weights: the parts that the downloaded `.index.json` names, if there is one.
 *
 * @throws UserError as {@link answersFile} does
 */
export async function weightFiles(
  listing: Listing,
  weights: string,
  folder: string,
  from: string,
): Promise<ListedFile[]> {
  const names = isIndex(weights) ? await readPartNames(path.join(folder, weights)) : [weights];
  return take(listing, names, from);
}

/**
 * Refuses a folder with another model's weights that compiling would prefer to the downloaded ones.
 *
 * @throws UserError (output-not-writable)
 */
export async function refuseOtherWeights(folder: string, weights: string): Promise<void> {
  for (const name of WEIGHT_FILES.slice(0, WEIGHT_FILES.indexOf(weights))) {
    if ((await stat(path.join(folder, name)).catch(() => undefined)) === undefined) continue;
    throw new UserError(
      'output-not-writable',
      `${folder} holds a ${name} of another model, which would be compiled instead of ${weights}: ` +
        'choose another folder.',
    );
  }
}

function isIndex(weights: string): boolean {
  return weights.endsWith('.json');
}

function take(listing: Listing, names: readonly string[], from: string): ListedFile[] {
  const missing = names.filter((name) => !listing.has(name));
  if (missing.length === 0) return names.flatMap((name) => listing.get(name) ?? []);
  throw new UserError(
    'listing-unusable',
    `${from} lacks files that compiling needs, or lists them without size and SHA-256: ${missing.join(', ')}.`,
  );
}
