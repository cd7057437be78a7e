import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readPartNames, WEIGHT_FILES } from '../compile/checkpoint/index.ts';
import { UserError } from '../errors.ts';
import { type ListedFile, type Listing, staysInside } from './listing.ts';

/** Files that every checkpoint has; small ones, which say what else is needed. */
const DESCRIPTIONS = ['config.json', 'configuration.json', 'vocab.json', 'merges.txt'] as const;

const taskSchema = z.object({ model: z.object({ answer2label: z.string() }) });

/** What compiling needs of a model's repository, as far as its listing alone tells. */
export interface NeededFiles {
  /** To be fetched first. */
  readonly descriptions: readonly ListedFile[];
  /** The weights, or the `.index.json` that names their parts: what compiling would take. */
  readonly weights: ListedFile;
}

/**
 * Picks what compiling needs from a listing; nothing else is ever fetched.
 *
 * @throws UserError (listing-unusable) that names all that is missing
 */
export function neededFiles(listing: Listing, from: string): NeededFiles {
  const weights = WEIGHT_FILES.map((name) => listing.get(name)).find((file) => file !== undefined);
  const missing: string[] = DESCRIPTIONS.filter((name) => !listing.has(name));
  if (weights === undefined) missing.push(WEIGHT_FILES.join(' or '));
  if (weights === undefined || missing.length > 0) throw lacking(from, missing);
  return { descriptions: take(listing, DESCRIPTIONS, from), weights };
}

/** Whether a weights file only names the parts in which the weights are. */
export function isIndex(weights: ListedFile): boolean {
  return weights.name.endsWith('.json');
}

/**
 * The file of answers that the fetched `configuration.json` names; none where it names none, which is for
 * whoever reads the configuration to judge.
 *
 * @throws UserError (listing-unusable) if the listing lacks it, (checkpoint-unsafe) if it is outside of the folder
 */
export async function answersFile(listing: Listing, folder: string, from: string): Promise<ListedFile[]> {
  const file = path.join(folder, 'configuration.json');
  const parsed = taskSchema.safeParse(parseJson(await readFile(file, 'utf8')));
  if (!parsed.success) return [];
  const name = path.posix.normalize(parsed.data.model.answer2label);
  if (!staysInside(name)) {
    throw new UserError(
      'checkpoint-unsafe',
      `${file} names a file of answers outside of its folder: ${JSON.stringify(name)}.`,
    );
  }
  return take(listing, [name], from);
}

/**
 * The parts that the fetched `.index.json` names.
 *
 * @throws UserError as {@link answersFile} does
 */
export async function weightParts(
  listing: Listing,
  index: ListedFile,
  folder: string,
  from: string,
): Promise<ListedFile[]> {
  return take(listing, await readPartNames(path.join(folder, index.name)), from);
}

/**
 * Compiling takes the first of several weights files: one that lies in the folder and is not of this model would
 * be compiled in place of what was fetched.
 *
 * @throws UserError (output-not-writable)
 */
export async function refuseOtherWeights(folder: string, weights: ListedFile): Promise<void> {
  for (const name of WEIGHT_FILES.slice(0, WEIGHT_FILES.indexOf(weights.name))) {
    if ((await stat(path.join(folder, name)).catch(() => undefined)) === undefined) continue;
    throw new UserError(
      'output-not-writable',
      `${folder} holds a ${name} of another model, which would be compiled in place of ${weights.name}: ` +
        'choose another folder.',
    );
  }
}

function take(listing: Listing, names: readonly string[], from: string): ListedFile[] {
  const found = names.flatMap((name) => listing.get(name) ?? []);
  if (found.length < names.length) {
    throw lacking(
      from,
      names.filter((name) => !listing.has(name)),
    );
  }
  return found;
}

function lacking(from: string, missing: readonly string[]): UserError {
  return new UserError(
    'listing-unusable',
    `${from} lacks what compiling needs, or lists it without size and SHA-256: ${missing.join(', ')}.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Reading the configuration gives the sentence for this.
    return undefined;
  }
}
