import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { FileSource } from './file-source.ts';
import { readJson } from './json-file.ts';
import type { StoredTensor } from './tensor.ts';
import type { OpenedTensors } from './tensor.ts';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string().min(1)) });

/** Which tensor lies in which file. */
async function readIndex(path: string): Promise<Map<string, string>> {
  const parsed = indexSchema.safeParse(await readJson(path));
  if (!parsed.success) {
    throw new UserError(
      'checkpoint-unreadable',
      `${path} is no index of checkpoint parts: expected is a weight_map from tensor to file name.`,
      { cause: parsed.error },
    );
  }
  const index = new Map(Object.entries(parsed.data.weight_map));
  for (const file of index.values()) {
    if (basename(file) !== file || file === '..' || file.includes('\\')) {
      throw new UserError(
        'checkpoint-unsafe',
        `${path} names the part ${file}, which is outside of its folder.`,
      );
    }
  }
  return index;
}

/**
 * Names of the files that an `.index.json` lists, each once; none leads out of the index's folder.
 *
 * @throws UserError if it is no index, or names a file outside of its folder
 */
export async function readPartNames(path: string): Promise<string[]> {
  return [...new Set((await readIndex(path)).values())];
}

/** Opens the parts one by one into `opened`, so that the caller can close them whatever happens. */
async function openParts(
  path: string,
  open: (path: string) => Promise<OpenedTensors>,
  opened: Map<string, OpenedTensors>,
): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, file] of await readIndex(path)) {
    const part = opened.get(file) ?? (await open(join(dirname(path), file)));
    opened.set(file, part);
    const tensor = part.tensors.get(name);
    if (tensor === undefined) {
      throw new UserError(
        'checkpoint-incomplete',
        `${path} places the tensor ${name} in ${file}, which lacks it.`,
      );
    }
    tensors.set(name, { ...tensor, info: { ...tensor.info, storage: `${file}:${tensor.info.storage}` } });
  }
  return tensors;
}

/**
 * Opens a checkpoint in several parts by its `.index.json` file.
 *
 * @param open opens one part
 * @throws UserError if the index or a part is missing, damaged or unsafe
 */
export async function openShards(
  path: string,
  open: (path: string) => Promise<OpenedTensors>,
): Promise<OpenedTensors> {
  const opened = new Map<string, OpenedTensors>();
  const sources = (): FileSource[] => [...opened.values()].flatMap((part) => part.sources);
  try {
    return { tensors: await openParts(path, open, opened), sources: sources() };
  } catch (error) {
    await Promise.all(sources().map((source) => source.close()));
    throw error;
  }
}
