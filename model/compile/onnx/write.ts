import { type FileHandle, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Checksums, ChecksumStream } from '../../package/checksums.ts';
import { type Placement, encodeModel } from './encode.ts';
import type { Graph } from './graph.ts';
import { type Initializer, byteLength } from './tensor.ts';

/** Smaller constants are stored in the graph's file: shape inference needs some of them there. */
const INLINE_BYTES = 1024;
/** Offsets in the weights file are multiples of a page, so that ONNX Runtime can map it into memory. */
const ALIGNMENT = 4096;

/** A file that was written, with its checksums. */
export interface WrittenFile extends Checksums {
  readonly name: string;
}

/** How graphs are written. */
export interface WriteOptions {
  readonly weightsFile: string;
  /** Called as the weights file grows, with the bytes written so far and in total. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Where the constants of a written graph are, by name. Lets parts of the graph refer to the same weights file. */
export type Placements = ReadonlyMap<string, Placement>;

/**
 * Writes graphs and the weights file that they share. Streams the weights: one chunk of one constant is in memory at a
 * time.
 *
 * @param graphs by the name of each one's file; a constant that several have is written once
 */
export async function writeGraphs(
  folder: string,
  graphs: Readonly<Record<string, Graph>>,
  options: WriteOptions,
): Promise<{ files: WrittenFile[]; weights: WrittenFile; placements: Placements }> {
  const file = await open(path.join(folder, options.weightsFile), 'w');
  try {
    const constants = new Map(
      Object.values(graphs).flatMap(({ initializers }) => initializers.map((each) => [each.name, each] as const)),
    );
    const { placements, written } = await writeWeights(file, [...constants.values()], options);
    const files: WrittenFile[] = [];
    for (const [name, graph] of Object.entries(graphs)) {
      const model = encodeModel(graph, placements);
      await writeFile(path.join(folder, name), model);
      const sums = new ChecksumStream();
      sums.update(model);
      files.push({ name, ...sums.digest() });
    }
    return { files, weights: { name: options.weightsFile, ...written }, placements };
  } finally {
    await file.close();
  }
}

async function writeWeights(
  file: FileHandle,
  constants: readonly Initializer[],
  options: WriteOptions,
): Promise<{ placements: Placements; written: Checksums }> {
  const total = constants
    .filter(isExternal)
    .reduce((sum, { type, shape }) => aligned(sum) + byteLength(type, shape), 0);
  const sums = new ChecksumStream();
  const placements = new Map<string, Placement>();
  let offset = 0;
  const append = async (bytes: Uint8Array): Promise<void> => {
    sums.update(bytes);
    await file.appendFile(bytes);
    offset += bytes.length;
    options.onProgress?.(offset, total);
  };
  for (const initializer of constants) {
    if (!isExternal(initializer)) {
      placements.set(initializer.name, await inlined(initializer));
      continue;
    }
    await append(new Uint8Array(aligned(offset) - offset));
    const start = offset;
    for await (const chunk of initializer.chunks()) await append(chunk);
    const location = options.weightsFile;
    placements.set(initializer.name, { location, offset: start, length: offset - start });
  }
  return { placements, written: sums.digest() };
}

function isExternal({ type, shape }: Initializer): boolean {
  return byteLength(type, shape) >= INLINE_BYTES;
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Reads the values of a small constant, to be stored in the graph's own file. */
export async function inlined(initializer: Initializer): Promise<Placement> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of initializer.chunks()) chunks.push(chunk.slice());
  return { inline: Buffer.concat(chunks) };
}
