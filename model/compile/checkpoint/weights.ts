import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UserError } from '../../errors.ts';
import { unreadable } from './file-source.ts';
import { unwrapNames } from './wrappers.ts';
import { openSafetensors } from './safetensors.ts';
import { openShards } from './shards.ts';
import { readView, type OpenedTensors, type StoredTensor, type TensorInfo } from './tensor.ts';
import { openTorchArchive } from './torch-archive.ts';

/** The tensors of a checkpoint. Values are read on demand. */
export interface Weights {
  /** Names of the files in the checkpoint folder that hold the tensors. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The prefix that was stripped from the names of tensors, such as `module.`; empty if there was none. */
  readonly prefix: string;
  /** The wrappers that were stripped from inside the names, such as `_orig_mod.`. */
  readonly wrappers: readonly string[];
  /**
   * The whole tensor as float32, row-major without gaps.
   *
   * @throws UserError (checkpoint-incomplete) if there is no such tensor
   */
  read(name: string): Promise<Float32Array>;
  /**
   * Rows `from` (included) to `to` (excluded) of the first dimension as float32, without reading the rest.
   *
   * @throws RangeError if the tensor has no such rows
   */
  readRows(name: string, from: number, to: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** @param file name of the weights file, or of the index that lists several */
function fileWeights(folder: string, file: string, opened: OpenedTensors): Weights {
  const { sources, tensors: stored } = opened;
  const { tensors, prefix, wrappers } = unwrapNames(stored);
  const find = (name: string): StoredTensor => {
    const tensor = tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new UserError('checkpoint-incomplete', `The checkpoint in ${folder} has no tensor ${name}.`);
  };
  return {
    files: [...new Set([file, ...sources.map((source) => relative(folder, source.path))])],
    tensors: new Map([...tensors].map(([name, { info }]) => [name, info])),
    prefix,
    wrappers,
    async read(name) {
      const tensor = find(name);
      return readView(tensor, tensor.view);
    },
    async readRows(name, from, to) {
      const tensor = find(name);
      const { offset, shape, strides } = tensor.view;
      const [rows = -1, ...rest] = shape;
      if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from > to || to > rows) {
        throw new RangeError(`rows ${from} to ${to} of ${name}, which has the shape [${shape.join(', ')}]`);
      }
      const start = offset + from * (strides[0] ?? 0);
      return readView(tensor, { offset: start, shape: [to - from, ...rest], strides });
    },
    close: () => closeAll(opened),
  };
}

async function closeAll({ sources }: OpenedTensors): Promise<void> {
  await Promise.all(sources.map((source) => source.close()));
}

/** @throws UserError (checkpoint-unreadable) if the folder may not be read */
async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw unreadable(path, error);
  }
}

/** How to open each kind of weights file, by name, in order of preference. */
const READERS: readonly (readonly [string, (path: string) => Promise<OpenedTensors>])[] = [
  ['pytorch_model.bin', openTorchArchive],
  ['pytorch_model.bin.index.json', (path) => openShards(path, openTorchArchive)],
  ['model.safetensors', openSafetensors],
  ['model.safetensors.index.json', (path) => openShards(path, openSafetensors)],
];

/** Files that may hold the weights or list the files that do, in order of preference. */
export const WEIGHT_FILES: readonly string[] = READERS.map(([file]) => file);

/**
 * Opens the weights of a checkpoint folder: the first of {@link WEIGHT_FILES} that exists. This reads names, shapes and
 * locations only, and executes nothing. The result must be closed.
 *
 * @throws UserError if there is no such file, or it is damaged, unsafe or has another format
 */
export async function openWeights(folder: string): Promise<Weights> {
  for (const [file, open] of READERS) {
    const path = join(folder, file);
    if (!(await isThere(path))) continue;
    const opened = await open(path);
    try {
      return fileWeights(folder, file, opened);
    } catch (error) {
      await closeAll(opened);
      throw error;
    }
  }
  throw new UserError(
    'checkpoint-unreadable',
    `${folder} is not a checkpoint folder: it has neither pytorch_model.bin nor model.safetensors.`,
  );
}
