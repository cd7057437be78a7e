import { access } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UserError } from '../../errors.ts';
import { openSafetensors } from './safetensors.ts';
import { openShards } from './shards.ts';
import { readView, type OpenedTensors, type StoredTensor, type TensorInfo } from './tensor.ts';
import { openTorchArchive } from './torch-archive.ts';

/** The tensors of a checkpoint; values are read from the file when they are asked for. */
export interface Weights {
  /** Names of the files in the checkpoint folder from which the tensors come. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * The whole tensor, row-major without gaps, converted to float32.
   *
   * @throws UserError (checkpoint-incomplete) if the checkpoint has no tensor of this name
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

class FileWeights implements Weights {
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #folder: string;
  readonly #opened: OpenedTensors;

  /** @param file that was opened: the only one, or the index of the others */
  constructor(folder: string, file: string, opened: OpenedTensors) {
    const parts = opened.sources.map((source) => relative(folder, source.path));
    this.files = [...new Set([file, ...parts])];
    this.#folder = folder;
    this.#opened = opened;
    this.tensors = new Map([...opened.tensors].map(([name, tensor]) => [name, tensor.info]));
  }

  async read(name: string): Promise<Float32Array> {
    const tensor = this.#find(name);
    return readView(tensor, tensor.view);
  }

  async readRows(name: string, from: number, to: number): Promise<Float32Array> {
    const tensor = this.#find(name);
    const { offset, shape, strides } = tensor.view;
    const [rows, ...rest] = shape;
    if (
      rows === undefined ||
      !Number.isInteger(from) ||
      !Number.isInteger(to) ||
      from < 0 ||
      from > to ||
      to > rows
    ) {
      throw new RangeError(`rows ${from} to ${to} of ${name}, which has the shape [${shape.join(', ')}]`);
    }
    return readView(tensor, {
      offset: offset + from * (strides[0] ?? 0),
      shape: [to - from, ...rest],
      strides,
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.sources.map((source) => source.close()));
  }

  #find(name: string): StoredTensor {
    const tensor = this.#opened.tensors.get(name);
    if (tensor === undefined) {
      throw new UserError(
        'checkpoint-incomplete',
        `The checkpoint in ${this.#folder} has no tensor ${name}.`,
      );
    }
    return tensor;
  }
}

/** Checkpoint files by name, the preferred one first. */
const READERS: readonly (readonly [string, (path: string) => Promise<OpenedTensors>])[] = [
  ['pytorch_model.bin', openTorchArchive],
  ['pytorch_model.bin.index.json', (path) => openShards(path, openTorchArchive)],
  ['model.safetensors', openSafetensors],
  ['model.safetensors.index.json', (path) => openShards(path, openSafetensors)],
];

/** Files that may hold the weights, or list the parts that do, the preferred one first. */
export const WEIGHT_FILES: readonly string[] = READERS.map(([file]) => file);

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Opens the weights of a checkpoint folder: `pytorch_model.bin`, or else `model.safetensors`, or the parts
 * that one of their `.index.json` files lists. Only names, shapes and places are read here; nothing that the
 * files hold is executed. The result must be closed.
 *
 * @throws UserError if there is no such file, or it is damaged, unsafe or of another format
 */
export async function openWeights(folder: string): Promise<Weights> {
  for (const [file, open] of READERS) {
    const path = join(folder, file);
    if (await exists(path)) return new FileWeights(folder, file, await open(path));
  }
  throw new UserError(
    'checkpoint-unreadable',
    `${folder} is not a checkpoint folder: it has neither pytorch_model.bin nor model.safetensors.`,
  );
}
