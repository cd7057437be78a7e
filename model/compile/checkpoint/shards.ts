import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import type { FileSource } from './file-source.ts';
import { readJson } from './json-file.ts';
import type { OpenedTensors, StoredTensor } from './tensor.ts';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string().min(1)) });

/** Reads which tensor is in which file. */
async function readIndex(path: string): Promise<Map<string, string>> {
  const parsed = indexSchema.safeParse(await readJson(path));
  if (!parsed.success || Object.keys(parsed.data.weight_map).length === 0) {
    throw new UserError(
      'checkpoint-unreadable',
      `${path} is not an index of checkpoint parts: it must have a weight_map from tensor to file name.`,
      parsed.success ? undefined : { cause: parsed.error },
    );
  }
  const index = new Map(Object.entries(parsed.data.weight_map));
  for (const file of index.values()) {
    if (basename(file) !== file || file === '..' || file.includes('\\')) {
      const message = `${path} names the part ${shorten(file)}, which is outside its folder.`;
      throw new UserError('checkpoint-unsafe', message);
    }
  }
  return index;
}

/**
 * The distinct names of the files that an `.index.json` lists. All are in the folder of the index.
 *
 * @throws UserError if it is not an index, or names a file outside its folder
 */
export async function readPartNames(path: string): Promise<string[]> {
  return [...new Set((await readIndex(path)).values())];
}

/** Opens the parts one by one and adds them to `opened`, so that the caller can close them after an error. */
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
        `${path} lists the tensor ${shorten(name)} under ${shorten(file)}, which does not contain it.`,
      );
    }
    tensors.set(name, { ...tensor, info: { ...tensor.info, storage: `${file}:${tensor.info.storage}` } });
  }
  return tensors;
}

/**
 * Opens a checkpoint that is split into several files, by its `.index.json`.
 *
 * @param open opens one part
 * @throws UserError if the index or a part is missing, damaged or unsafe
 */
export async function openShards(path: string, open: (path: string) => Promise<OpenedTensors>): Promise<OpenedTensors> {
  const opened = new Map<string, OpenedTensors>();
  const sources = (): FileSource[] => [...opened.values()].flatMap((part) => part.sources);
  try {
    return { tensors: await openParts(path, open, opened), sources: sources() };
  } catch (error) {
    await Promise.all(sources().map((source) => source.close()));
    throw error;
  }
}
